/** Makes the table of docs/servers.md from what the matrix of `npm run test:servers` found. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MEMCACHEDS } from '../test/support/memcacheds.ts';
import { abilitiesOf, SUBJECTS, type Subject } from '../test/support/subject.ts';
import { table } from './table.ts';

const PAGE = fileURLToPath(new URL('../docs/servers.md', import.meta.url));

export interface Outcome {
  /** The project, which is the subject's name. */
  server: string;
  file: string;
  name: string;
  state: string;
  /** How many random commands it sent, if it did. */
  commands: number;
}

interface Column {
  title: string;
  /** The test files that show it. */
  file: RegExp;
  /** Which of their tests do. */
  test?: RegExp;
}

const COLUMNS: readonly Column[] = [
  { title: 'binary', file: /client\/binary/ },
  { title: 'meta', file: /client\/meta/ },
  { title: 'classic', file: /client\/classic/ },
  { title: 'many keys', file: /many\// },
  { title: '`getOrSet`', file: /get-or-set/ },
  { title: '`update`, CAS', file: /conformance\/update/, test: /> update >/ },
  { title: '`flush`', file: /client\/auto/, test: /> flush >/ },
  { title: 'SASL', file: /client\/binary/, test: /^memcached -S/ },
  { title: 'ASCII authentication', file: /client\/classic/, test: /^memcached -Y/ },
  { title: 'TLS', file: /tls/ },
  { title: '`memts keys`, `dump`', file: /cli\/listing/, test: /^a server that lists/ },
];

/** Writes the table between its markers; of servers that were not run it keeps the rows that stand there. */
export function renewPage(outcomes: readonly Outcome[]): void {
  const marked = /(<!-- test:servers -->\n)[\s\S]*?(<!-- end -->)/;
  const page = readFileSync(PAGE, 'utf8');
  if (!marked.test(page)) throw new Error(`there is no place for the table in ${PAGE}`);
  writeFileSync(
    PAGE,
    page.replace(
      marked,
      (_, start: string, end: string) => `${start}\n${tableOf(outcomes, page)}\n\n${machine()}\n\n${end}`,
    ),
  );
}

function machine(): string {
  const [cpu] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return `Run on ${date}: memts ${version}, Node.js ${process.version.slice(1)}, ${cpus().length} cores of ${cpu?.model.trim()}.`;
}

function tableOf(outcomes: readonly Outcome[], page: string): string {
  const head = ['memcached', '`auto` speaks', ...COLUMNS.map(({ title }) => title), 'tests', 'random commands'];
  const rows = SUBJECTS.filter(isWhole).flatMap((subject) => {
    const found = row(subject, outcomes) ?? oldRow(title(subject), page);
    return found === undefined ? [] : [found];
  });
  return table(head, rows, [...COLUMNS.map(() => 'l'), 'l', 'l', 'r', 'r']);
}

/** Servers with flags are run as a whole with the newest version only. */
function isWhole({ version, args }: Subject): boolean {
  return args.length === 0 || version === MEMCACHEDS.at(-1)?.name;
}

function oldRow(name: string, page: string): string[] | undefined {
  const cells = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return cells.find(([, first]) => first === name)?.slice(1, -1);
}

function row(subject: Subject, outcomes: readonly Outcome[]): string[] | undefined {
  const own = outcomes.filter(({ server, state }) => server === subject.name && state !== 'skipped');
  if (own.length === 0) return undefined;
  const cells = COLUMNS.map(({ file, test }) =>
    own.some((outcome) => file.test(outcome.file) && (test?.test(outcome.name) ?? true)) ? 'yes' : '–',
  );
  const commands = own.reduce((sum, outcome) => sum + outcome.commands, 0);
  return [title(subject), abilitiesOf(subject).found, ...cells, count(own.length), count(commands)];
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function title({ version, args, proxied }: Subject): string {
  const release = MEMCACHEDS.find(({ name }) => name === version)?.version ?? '';
  if (proxied) return `${release}'s proxy over two`;
  return args.length === 0 ? release : `${release} \`${args.join(' ')}\``;
}
