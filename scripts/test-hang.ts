/**
 * Stops one of three memcacheds for ten seconds, and for 0.7 s, under load, with every kind of client, and says what became
 * of the commands. `--write` renews docs/reliability/hang.md.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backAfter, type Outcome, type Plan, quantile, type Setting, stopOne } from '../test/reliability/hang/run.ts';
import { table } from './table.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const RECORD = join(import.meta.dirname, '../docs/reliability/hang.md');

const HANG: Plan = { rate: 1000, stopped: 10, after: 3 };
const STALL: Plan = { rate: 600, stopped: 0.7, after: 1.5 };
const STALL_WITHOUT: Plan = { ...STALL, options: { failFast: false } };

/** Twice the timeout and a second, in milliseconds: from then on commands have to fail at once. */
const KNOWN_AFTER = 2000;
/** What a command may take then, and how soon the server has to be used again, in milliseconds. */
const AT_ONCE = 5;
const BACK_WITHIN = 2000;

const SETTINGS: Setting[] = [];
for (const byHand of [false, true]) {
  for (const tls of [false, true]) {
    for (const protocol of ['auto', 'binary', 'meta', 'classic'] as const) {
      // One or four connections in turn: each meets every protocol, plain or over TLS.
      const connections = SETTINGS.length % 2 === (byHand ? 1 : 0) ? 1 : 4;
      SETTINGS.push({ protocol, tls, connections, byHand });
    }
  }
}

interface Row {
  setting: Setting;
  hang: Outcome;
  stall: Outcome;
  without: Outcome;
}

const rows: Row[] = [];
for (const setting of SETTINGS) {
  const row = {
    setting,
    hang: await stopOne(setting, HANG),
    stall: await stopOne(setting, STALL),
    without: await stopOne(setting, STALL_WITHOUT),
  };
  rows.push(row);
  console.log(cells(row).join('  '));
}
const text = report(rows);
if (values.write) writeFileSync(RECORD, text);
const bad = rows.filter((row) => !isGood(row));
for (const { setting } of bad) console.error('not as it should be:', JSON.stringify(setting));
// One command in thousands can meet the stall in both of its attempts, with `failFast` or without it: so the sums count.
const stalled = sumOfFailed(rows.map(({ stall }) => stall));
const stalledWithout = sumOfFailed(rows.map(({ without }) => without));
if (stalled > stalledWithout) console.error(`stalls: ${stalled} failed, and ${stalledWithout} without failFast`);
if (bad.length > 0 || stalled > stalledWithout) process.exitCode = 1;

function sumOfFailed(outcomes: Outcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + failed(outcome), 0);
}

/** What began after it was known that the server hangs, and before it went on. */
function known({ samples, resumedAt }: Outcome): Outcome['samples'] {
  return samples.filter(({ at }) => at > KNOWN_AFTER && at < resumedAt);
}

function failed({ samples }: Outcome): number {
  return samples.filter(({ code }) => code !== undefined).length;
}

function isGood({ hang, stall }: Row): boolean {
  const isQuick = quantile(known(hang), 0.99) < AT_ONCE && backAfter(hang) < BACK_WITHIN;
  const saysOnce = hang.events.length === 2 && stall.events.length === 0;
  return isQuick && saysOnce;
}

function cells({ setting, hang, stall, without }: Row): string[] {
  const { protocol, tls, connections, byHand } = setting;
  const last = hang.samples.filter(({ at, took, server }) => server === 1 && at < hang.resumedAt && took > 50);
  const foundAfter = Math.max(...last.map(({ at }) => at)) / 1000;
  return [
    `${byHand ? '`new Server`' : '`Client.create`'}, ${protocol}${tls ? ', TLS' : ''}`,
    String(connections),
    foundAfter.toFixed(2),
    quantile(
      known(hang).filter(({ server }) => server === 1),
      0.99,
    ).toFixed(1),
    quantile(known(hang), 0.99).toFixed(1),
    backAfter(hang).toFixed(0),
    hang.events.filter((event) => event.startsWith('down')).length.toString(),
    String(failed(stall)),
    String(failed(without)),
  ];
}

function report(all: readonly Row[]): string {
  const head = [
    'client',
    'connections',
    'found out, s',
    'p99 there, ms',
    'p99, ms',
    'back, ms',
    'downs',
    'stall',
    'without',
  ];
  return `# A server that hangs

Written by \`npm run test:hang -- --write\`, with Node.js ${process.versions.node}. One of three memcacheds is stopped (\`SIGSTOP\`) for ten
seconds under 1,000 gets a second, with the default \`timeout\` of 0.5 s and \`failFast\` of 5, without failover. At
the end the load average was ${loadavg()[1]?.toFixed(0)} on ${cpus().length} cores.

- **Found out**: when the last command began that waited for the stopped server, in seconds after it was stopped.
- **p99 there**, and **p99**: what 99 % of the commands to the stopped server, and of those to all three, took at most that began
  2 × \`timeout\` + 1 s after the stop or later, without the time in which the process itself stood still.
- **Back**: when the last command began that failed, in milliseconds after \`SIGCONT\`.
- **Downs**: how many \`down\` events there were.
- **Stall**, and **without**: how many of 600 gets a second failed when a server was stopped for 0.7 s, with \`failFast\` of 5, and with \`false\`:
  in all ${sumOfFailed(all.map(({ stall }) => stall))} and ${sumOfFailed(all.map(({ without }) => without))}.

${table(head, all.map(cells))}
`;
}
