import { describeProtocol } from './targets.ts';

describeProtocol('classic');
