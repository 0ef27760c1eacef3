import { commonOperations, type Ground, type Operation, type Weighted } from './operations.ts';
import { Memts } from './subjects/memts.ts';
import { memtsOperations } from './subjects/memts-operations.ts';

const TABLE = 4096;
/** The pause of a lane whose command failed, in milliseconds: those that fail at once must not crowd out the others. */
const PAUSE = 3;

/** So many lanes, each of which sends a random command and, when that has ended, the next one. */
export class Load {
  readonly #ground: Ground;
  readonly #table: readonly Operation[];
  readonly #paused: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(ground: Ground) {
    this.#ground = ground;
    const { subject } = ground;
    const more = subject instanceof Memts ? memtsOperations(ground, subject) : [];
    this.#table = tableOf([...commonOperations(ground), ...more]);
  }

  start(lanes: number): void {
    this.#running = true;
    this.#timer = setInterval(() => this.#resume(), PAUSE);
    for (let lane = 0; lane < lanes; lane++) this.#startLane();
  }

  /** Nothing more is sent; what is under way goes on. */
  stop(): void {
    this.#running = false;
    clearInterval(this.#timer);
    this.#paused.length = 0;
  }

  #startLane(): void {
    const { random } = this.#ground;
    const turn = (): void => {
      if (!this.#running) return;
      const operation = this.#table[random.next() & (TABLE - 1)] as Operation;
      operation(next);
    };
    const next = (error?: unknown): void => {
      if (error) this.#paused.push(turn);
      else turn();
    };
    turn();
  }

  #resume(): void {
    for (const turn of this.#paused.splice(0)) turn();
  }
}

/** Each operation as often as its weight says. */
function tableOf(weighted: readonly Weighted[]): Operation[] {
  const sum = weighted.reduce((total, { weight }) => total + weight, 0);
  const table: Operation[] = [];
  let reached = 0;
  for (const { weight, run } of weighted) {
    reached += weight;
    while (table.length < Math.round((reached / sum) * TABLE)) table.push(run);
  }
  return table;
}
