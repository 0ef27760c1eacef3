import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './leftovers.ts';
import { type Memcached, startMemcached } from './memcached.ts';

export interface MemcachedProxyOptions {
  /** `host:port` of each server behind it. */
  backends: readonly string[];
  /** More arguments, after ours. */
  args?: readonly string[] | undefined;
}

/** Starts the proxy that is built into memcached since 1.6.23, in front of those servers; ready when this resolves. */
export async function startMemcachedProxy({ backends, args = [] }: MemcachedProxyOptions): Promise<Memcached> {
  const file = join(makeFolder(), 'proxy.lua');
  writeFileSync(file, proxyConfig(backends));
  return startMemcached({ version: '1.6.45', args: ['-o', `proxy_config=${file}`, ...args] });
}

function proxyConfig(backends: readonly string[]): string {
  const list = backends.map((address) => {
    const [host = '', port = ''] = address.split(':');
    return `mcp.backend('${address}', '${host}', '${port}')`;
  });
  return [
    'function mcp_config_pools()',
    `  return mcp.pool({ ${list.join(', ')} })`,
    'end',
    'function mcp_config_routes(pool)',
    '  local route = mcp.funcgen_new()',
    '  local handle = route:new_handle(pool)',
    '  route:ready({ n = "route", f = function(context)',
    '    return function(request) return context:enqueue_and_wait(request, handle) end',
    '  end })',
    '  mcp.attach(mcp.CMD_ANY_STORAGE, route)',
    'end',
    '',
  ].join('\n');
}
