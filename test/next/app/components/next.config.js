const { join } = require('node:path');

/** As a new app has it: what is static is rendered into a shell, and the rest comes behind it. @type {import('next').NextConfig} */
module.exports = {
  cacheComponents: true,
  cacheHandlers: { default: require.resolve('memts/next/remote'), remote: require.resolve('memts/next/remote') },
  cacheHandler: require.resolve('memts/next/handler'),
  turbopack: { root: join(__dirname, '..') },
};
