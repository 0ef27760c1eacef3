/** The Lua that makes memcached a proxy: one pool of those servers, and every command to the one that has its key. */
export function proxyConfig(backends: readonly { host: string; port: number }[]): string {
  const list = backends.map(({ host, port }) => `mcp.backend('${host}:${port}', '${host}', '${port}')`);
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
