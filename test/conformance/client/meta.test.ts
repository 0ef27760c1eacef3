import { describeProtocol } from './targets.ts';

describeProtocol('meta');
