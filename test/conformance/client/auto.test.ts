import { describeProtocol } from './targets.ts';

describeProtocol('auto');
