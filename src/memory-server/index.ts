export type { ClusterNode } from './cluster.ts';
export type {
  DropFault,
  Fault,
  FaultHandle,
  FaultScope,
  Faults,
  GarbageFault,
  HalfReplyFault,
  LatencyFault,
  LoseFault,
  MuteFault,
  PiecesFault,
  RefuseFault,
  SilenceFault,
  TooManyConnectionsFault,
  UnsolicitedFault,
  WrongOpaqueFault,
} from './faults.ts';
export type { MemoryServerOptions } from './options.ts';
export { MemoryServer } from './server.ts';
export type { ServerProtocol } from './session.ts';
export type { User, Users } from './users.ts';
