import ts from 'typescript';
import { RULES } from './list.ts';

export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/**
 * Words of the list in a file's prose: what Markdown says outside of code, what TypeScript says in comments and texts,
 * and of tests their titles.
 */
export function check(file: string, text: string): Finding[] {
  const prose = proseOf(file, text);
  const findings = RULES.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => ({
      line: prose.slice(0, index).split('\n').length,
      found: found.replaceAll(/\s+/g, ' '),
      instead,
    })),
  );
  return findings.sort((a, b) => a.line - b.line);
}

function proseOf(file: string, text: string): string {
  if (file.endsWith('.md')) return proseOfMarkdown(text);
  return file.startsWith('test/') ? titlesOf(text) : proseOfTypeScript(text);
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

/** The titles of tests and of groups of tests, each on its line. */
function titlesOf(text: string): string {
  const source = ts.createSourceFile('test.ts', text, ts.ScriptTarget.Latest);
  let titles = '';
  const visit = (node: ts.Node): void => {
    const title = ts.isCallExpression(node) && isTest(node.expression) ? node.arguments[0] : undefined;
    if (title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) {
      const start = title.getStart(source);
      titles += blank(text.slice(titles.length, start)) + text.slice(start, title.end);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

/** Whether that is `describe`, `it` or `test`, with whatever modifiers and tables. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['describe', 'it', 'test'].includes(callee.text);
  return (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) && isTest(callee.expression);
}
