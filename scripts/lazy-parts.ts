import type { Rolldown } from 'tsdown';

/** The parts of a CommonJS build. */
export interface Parts {
  /** Always loaded, and the one that loads the lazy ones. */
  home: string;
  lazy: readonly string[];
}

/**
 * Has CommonJS load parts where they are first used: V8 reads all of a file before it runs any of it, which is most of what
 * it takes to load the client. A lazy part is a function that is given what other parts have, rather than asking for them
 * itself: a test runner that has emptied its registry meanwhile (`jest.resetModules`) would load another copy of each.
 */
export function lazyParts(parts: Parts): Rolldown.Plugin {
  return {
    name: 'lazy-parts',
    renderChunk(code, { name }) {
      if (parts.lazy.includes(name)) return asFunction(code, name, parts);
      return name === parts.home ? loadsLazily(code, parts.lazy) : fromHome(code, parts);
    },
  };
}

/** Loaders of the lazy parts, for itself and as exports, which are whole by the time that any of them is called. */
function loadsLazily(code: string, lazy: readonly string[]): string {
  const loaders = lazy.map((part) => {
    const variable = variableOf(part);
    return `const ${variable} = exports.${variable} = lazyPart(() => require('./${fileOf(part)}.cjs'));\n`;
  });
  const rest = lazy.reduce((shorter, part) => shorter.replace(lineOf(part), ''), code.replace(STRICT, ''));
  const loaded = `${STRICT}${LAZY_PART}${loaders.join('')}${rest}`;
  return exportsAtOnce(called(loaded, lazy));
}

const LAZY_PART = `const lazyPart = (load) => {
let part;
return {
get whole() {
if (part === undefined) {
const made = {};
load()(made, exports);
part = made;
}
return part;
}
};
};
`;

/** Has an entry, or a part that is not lazy, use the home's loaders. */
function fromHome(code: string, { home, lazy }: Parts): string {
  const isHere = lineOf(home).test(code);
  const loaded = withLoaders(code, lazy, (part, path) => {
    return isHere ? variableOf(home) : `require('${path.replace(fileOf(part), fileOf(home))}')`;
  });
  return withLazyExports(loaded, lazy);
}

function withLoaders(code: string, lazy: readonly string[], homeOf: (part: string, path: string) => string): string {
  const used = lazy.filter((part) => lineOf(part).test(code));
  const taken = used.reduce((changed, part) => {
    const variable = variableOf(part);
    return changed.replace(lineOf(part), (_line, path: string) => {
      return `const ${variable} = ${homeOf(part, path)}.${variable};\n`;
    });
  }, code);
  return called(taken, used);
}

/**
 * What a lazy part uses of others are variables of its own, as if it had never been apart from them; but of the lazy
 * ones that come after it in the list, where it is asked for when it is used.
 */
function asFunction(code: string, part: string, { home, lazy }: Parts): string {
  const place = lazy.indexOf(part);
  const taken: string[] = [];
  let body = code.replace(STRICT, '');
  for (const other of [home, ...lazy.slice(0, place)]) {
    const variable = variableOf(other);
    const members = new Set([...body.matchAll(membersOf(other))].map(([, member]) => member));
    body = body.replace(lineOf(other), '').replaceAll(membersOf(other), `${variable}$$$1`);
    const names = [...members].map((member) => `${member}: ${variable}$${member}`);
    const from = lazy.includes(other) ? `${variableOf(home)}.${variable}.whole` : variable;
    if (names.length > 0) taken.push(`const { ${names.join(', ')} } = ${from};\n`);
  }
  return `${STRICT}module.exports = (function(exports, ${variableOf(home)}) {
${taken.join('')}${exportsAtOnce(withLoaders(body, lazy.slice(place + 1), () => variableOf(home)))}
});
`;
}

/** Getters take their time to make; nothing that is exported changes after its file has run. */
function exportsAtOnce(code: string): string {
  const names: string[] = [];
  const rest = code.replaceAll(GETTER, (_whole, name: string, value: string) => {
    if (new RegExp(`^let ${value}\\b`, 'm').test(code)) throw new Error(`${value} is exported and may change`);
    names.push(`${name}: ${value}`);
    return '';
  });
  return names.length === 0 ? rest : `${rest}\nObject.assign(exports, { ${names.join(', ')} });\n`;
}

/** An entry's exports out of a lazy part: read when they are asked for, and as easy to replace as others. */
function withLazyExports(code: string, lazy: readonly string[]): string {
  const names: string[] = [];
  const changed = lazy.reduce((before, part) => {
    return before.replaceAll(exportsOf(part), (_line, name: string, value: string) => {
      names.push(name);
      return `lazyExport('${name}', () => ${value});`;
    });
  }, code);
  if (names.length === 0) return code;
  // Read by Node.js and bundlers, which look for the names of exports without running the file.
  return `${changed}\n${LAZY_EXPORT}0 && (${names.map((name) => `exports.${name} = `).join('')}0);\n`;
}

const LAZY_EXPORT = `function lazyExport(name, get) {
const set = (value) => Object.defineProperty(exports, name, { configurable: true, enumerable: true, writable: true, value });
Object.defineProperty(exports, name, { configurable: true, enumerable: true, get, set });
}
`;

/** Of the lazy parts, what is used is asked for each time. */
function called(code: string, lazy: readonly string[]): string {
  return lazy.reduce((changed, part) => changed.replaceAll(membersOf(part), `${variableOf(part)}.whole.$1`), code);
}

// As Rolldown writes them.

const STRICT = '"use strict";\n';

const lineOf = (part: string): RegExp => new RegExp(`^const ${variableOf(part)} = require\\('([^']+)'\\);\\n`, 'm');

const membersOf = (part: string): RegExp => new RegExp(`(?<![.\\w$])${variableOf(part)}\\.([\\w$]+)`, 'g');

const exportsOf = (part: string): RegExp =>
  new RegExp(`^exports\\.(\\w+) = (${variableOf(part)}\\.whole\\.[\\w$]+);$`, 'gm');

const GETTER =
  /^Object\.defineProperty\(exports, ["']([\w$]+)["'], \{\s*enumerable: true,\s*get: function ?\(\) ?\{\s*return ([\w$]+);\s*\}\s*\}\);\n?/gm;

function variableOf(part: string): string {
  return `require_${part.replaceAll(/\W/g, '_')}`;
}

function fileOf(part: string): string {
  return part.slice(part.lastIndexOf('/') + 1);
}
