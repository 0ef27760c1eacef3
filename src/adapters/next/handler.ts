import { cacheHandler } from './next.ts';

export default cacheHandler;
