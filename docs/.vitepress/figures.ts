/** Figures stand in the page itself, not in an `img`: so they follow the page's dark mode, and their text can be found. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { withoutStyle } from '../../scripts/figures/svg.ts';

export function inlineFigures(markdown: MarkdownRenderer): void {
  const image = markdown.renderer.rules.image;
  markdown.renderer.rules.image = (tokens, index, options, env, self) => {
    const source = tokens[index]?.attrGet('src') ?? '';
    const file = join(dirname(env.realPath ?? env.path), source);
    if (!source.endsWith('.svg') || !existsSync(file)) return image?.(tokens, index, options, env, self) ?? '';
    const svg = readFileSync(file, 'utf8');
    // Other pictures have colours of their own.
    if (!svg.includes('class="fig"')) return image?.(tokens, index, options, env, self) ?? '';
    return `<span class="figure" tabindex="0" v-pre>${withoutStyle(svg).replaceAll('\n', '')}</span>`;
  };
}
