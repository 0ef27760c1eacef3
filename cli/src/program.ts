import { Command, Option } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { addBench } from './commands/bench.ts';
import { addCompletion } from './commands/completion.ts';
import { addDump } from './commands/dump.ts';
import { addGet } from './commands/get.ts';
import { addHot } from './commands/hot.ts';
import { addInspect } from './commands/inspect.ts';
import { addItemCommands } from './commands/items.ts';
import { addKeys } from './commands/keys.ts';
import { addLoad } from './commands/load.ts';
import { addRaw } from './commands/raw.ts';
import { addServe } from './commands/serve.ts';
import { addServerCommands } from './commands/servers.ts';
import { addStats } from './commands/stats.ts';
import { addTop } from './commands/top.ts';
import { addWatch } from './commands/watch.ts';
import type { GlobalOptions } from './connection.ts';
import { Exit } from './exit.ts';
import { complain, regret } from './output.ts';
import { seconds } from './parsers.ts';

/** The whole command line. What is wrong with one is thrown as a CommanderError, after it has been said. */
export function makeProgram(): Command {
  const program = makeCommands();
  addCompletion(program, makeCommands);
  program.addHelpText('after', EXAMPLES);
  return program;
}

/** All commands but those of completion, which is made from them. */
function makeCommands(): Command {
  const program = new Command('memts')
    .description('memcached on the command line')
    .version(manifest.version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text) => complain(text.replace(/^error: /, '').trim()) })
    .showHelpAfterError(false);
  addGlobalOptions(program);
  program.hook('preAction', findServers);
  program.commandsGroup('Items:');
  addGet(program);
  addItemCommands(program);
  addInspect(program);
  program.commandsGroup('Caches:');
  addKeys(program);
  addDump(program);
  addLoad(program);
  program.commandsGroup('Servers:');
  addStats(program);
  addTop(program);
  addHot(program);
  addWatch(program);
  addServerCommands(program);
  addRaw(program);
  addBench(program);
  addServe(program);
  program.commandsGroup('More:');
  program.helpCommand('help [command]', 'help for a command');
  return program;
}

/** Has the servers that a source names stand where the commands look for them. */
async function findServers(program: Command, command: Command): Promise<void> {
  const options: GlobalOptions = command.optsWithGlobals();
  warnOfEndpoint(options);
  if (options.discover === undefined || command.name() === 'serve') return;
  const { discoveredServers } = await import('./discover.ts');
  program.setOptionValue('servers', await discoveredServers(options.discover, options));
}

/** Whoever names ElastiCache's configuration endpoint as a server gets one of its nodes. */
function warnOfEndpoint({ servers }: GlobalOptions): void {
  const [endpoint] = /[\w.-]+\.cfg\.[\w.-]*cache\.amazonaws\.com[\w.]*(:\d+)?/.exec(servers ?? '') ?? [];
  if (endpoint !== undefined) regret(`${endpoint} is one node; --discover elasticache://${endpoint} finds them all`);
}

function addGlobalOptions(program: Command): void {
  program
    .option(
      '--servers <list>',
      'host:port,… or memcached:// URLs; else MEMCACHIER_SERVERS, MEMCACHE_SERVERS, localhost',
    )
    .addOption(
      new Option(
        '--discover <source>',
        'elasticache://host:port or dns://name:port: ask there for the servers',
      ).conflicts('servers'),
    )
    .option('--user <name>', 'the user name; else MEMCACHIER_USERNAME, MEMCACHE_USERNAME')
    .option('--password-file <file>', 'its first line is the password; else MEMCACHIER_PASSWORD, MEMCACHE_PASSWORD')
    .addOption(new Option('--protocol <name>', 'the protocol to speak').choices(['auto', 'meta', 'classic', 'binary']))
    .addOption(
      new Option('--distribution <name>', 'how keys are spread over the servers').choices([
        'modulo',
        'ketama',
        'rendezvous',
      ]),
    )
    .option('--timeout <seconds>', 'how long a server may take to answer (default: 1)', seconds)
    .option('--tls', 'encrypted connections')
    .option('--tls-ca <file>', 'whose certificates to trust (PEM)')
    .option('--tls-cert <file>', 'our certificate (PEM)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--tls-servername <name>', 'the name that the certificate has to have')
    .option('--tls-insecure', 'do not verify certificates')
    .option('--json', 'JSON, an object in a line');
}

const EXAMPLES = `
Examples:
  $ memts set greeting hello --expires 10m
  $ memts get greeting
  $ memts keys --prefix user: --long
  $ memts dump cache.jsonl --servers old:11211
  $ memts load cache.jsonl --servers new:11211
  $ memts top --servers a:11211,b:11211
  $ source <(memts completion bash)

Exit codes: ${Exit.Ok} done, ${Exit.Miss} a miss or not stored, ${Exit.Usage} usage, ${Exit.Server} a server.`;
