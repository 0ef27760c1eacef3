import { describeProtocol } from './targets.ts';

describeProtocol('binary');
