/** What the search finds, and in which order. */
import { relative } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { API, ROOT } from './pages.ts';

/** Of the API's pages only names and descriptions: parameters and types would bury the guides. */
function withoutSignatures(source: string): string {
  return source
    .split('\n')
    .filter((line) => !/^(#{4,} |\||> |Defined in:|\*\*\*)/.test(line))
    .join('\n');
}

const render: DefaultTheme.LocalSearchOptions['_render'] = (source, env, markdown) => {
  const isApi = relative(ROOT, env.path).startsWith(`${API}/`);
  const html = markdown.render(isApi ? withoutSignatures(source) : source, env);
  return env.frontmatter?.search === false ? '' : html;
};

// The functions below run in the browser, where only what stands inside them is known.

/** A code such as ERR_TIMEOUT is one word, and its parts are words too. */
function tokenize(text: string): string[] {
  const words = text.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== '');
  return words
    .flatMap((word) => (word.includes('_') ? [word, ...word.split('_')] : [word]))
    .filter((word) => word !== '');
}

/** Questions are asked in sentences; words that every page has say nothing about the one that is meant. */
function processTerm(term: string): string | null {
  const common = new Set(
    'a an and are as at be by can do does for from how i in is it its me my of on or our out should that the their this to use using was we what when where which why with you your mean means meaning'.split(
      ' ',
    ),
  );
  const word = term.toLowerCase();
  return common.has(word) ? null : word;
}

/** Guides before what is looked up, and that before records of runs. */
function boostDocument(id: string): number {
  if (/\/reference\/api\//.test(id)) return 0.3;
  if (/\/(internals|reference\/changelog|guide\/overview)/.test(id)) return 0.4;
  return 1;
}

export const search: { provider: 'local'; options: DefaultTheme.LocalSearchOptions } = {
  provider: 'local',
  options: {
    detailedView: false,
    _render: render,
    miniSearch: {
      options: { tokenize, processTerm },
      searchOptions: {
        fuzzy: (term) => (term.length > 4 ? 0.2 : false),
        prefix: (term) => term.length > 2,
        boost: { title: 5, titles: 3, text: 1 },
        boostDocument,
      },
    },
  },
};
