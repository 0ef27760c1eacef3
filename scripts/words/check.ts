import ts from 'typescript';
import { RULES } from './list.ts';

export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** Words of the list in a file's prose: what Markdown says outside of code, what TypeScript says in comments and texts. */
export function check(file: string, text: string): Finding[] {
  const prose = file.endsWith('.md') ? proseOfMarkdown(text) : proseOfTypeScript(text);
  const findings = RULES.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => ({
      line: prose.slice(0, index).split('\n').length,
      found: found.replaceAll(/\s+/g, ' '),
      instead,
    })),
  );
  return findings.sort((a, b) => a.line - b.line);
}

/** The same number of lines, with nothing on them. */
const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');

function proseOfMarkdown(text: string): string {
  return text
    .replaceAll(/^( *)(```+).*?^\1\2/gms, blank)
    .replaceAll(/`[^`\n]+`/g, blank)
    .replaceAll(/\]\([^)\s]+\)/g, blank);
}

/** What a program says: its comments, and its texts. */
function proseOfTypeScript(text: string): string {
  const parts: string[] = [];
  const visit = (node: ts.Node): void => {
    // What JSDoc says stands before the token that it belongs to, as other comments do.
    const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child));
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    const start = node.getStart(source, false);
    parts.push(
      text
        .slice(node.pos, start)
        .replaceAll(/`[^`\n]+`/g, blank)
        .replaceAll(/^ *\* ?/gm, blank),
    );
    const token = text.slice(start, node.end);
    parts.push(ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) ? token : blank(token));
  };
  const source = ts.createSourceFile('prose.ts', text, ts.ScriptTarget.Latest);
  visit(source);
  return parts.join('');
}
