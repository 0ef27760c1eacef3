import nodeModule from 'node:module';

/**
 * Loads a module of Node.js itself, at once. Any path does, since no file is asked for; `import.meta.url` would be empty
 * in what bundlers make of this for CommonJS. Not by the name of the function, which programs put at the top of what
 * they bundle.
 */
export const loadBuiltin = nodeModule.createRequire('/');
