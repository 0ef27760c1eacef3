/** @type {import('next').NextConfig} */
module.exports = {
  cacheHandlers: { remote: require.resolve('memts/next/remote') },
  cacheHandler: require.resolve('memts/next/handler'),
  experimental: { useCache: true },
  distDir: process.env.APP_DIST ?? '.next',
  turbopack: { root: __dirname },
};
