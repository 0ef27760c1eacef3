import { cacheHandlers } from './next.ts';

export default cacheHandlers.remote;
