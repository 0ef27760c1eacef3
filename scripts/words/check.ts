import ts from 'typescript';
import { RULES } from './list.ts';

export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/**
 * Words of the list in a file's prose: what Markdown says outside of code, what TypeScript says in comments, texts and
 * names, and of tests their comments and titles.
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
  return proseOfTypeScript(text, file.startsWith('test/'));
}

/** The same number of lines, with nothing on them. */
const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');

function proseOfMarkdown(text: string): string {
  return text
    .replaceAll(/^( *)(```+).*?^\1\2/gms, blank)
    .replaceAll(/`[^`\n]+`/g, blank)
    .replaceAll(/\]\([^)\s]+\)/g, blank);
}

/** What a program says: its comments, its texts and its names, of which a test's are only those of its titles. */
function proseOfTypeScript(text: string, isTest: boolean): string {
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
    parts.push(isTest && !isTitle(node) ? blank(token) : saidBy(node, token));
  };
  const source = ts.createSourceFile('prose.ts', text, ts.ScriptTarget.Latest, true);
  visit(source);
  return parts.join('');
}

function saidBy(node: ts.Node, token: string): string {
  if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) return token;
  // No phrase goes on from one name to the next.
  return ts.isIdentifier(node) || ts.isPrivateIdentifier(node) ? ` ${wordsOf(token)} ;` : blank(token);
}

/** `oneStep` is "one Step", `MAX_PAUSE` "max pause". */
function wordsOf(name: string): string {
  return name.replaceAll(/[#_]+/g, ' ').replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ');
}

/** Whether that is, or is a piece of, the title of a test or of a group of tests. */
function isTitle(node: ts.Node): boolean {
  let title = node;
  while (ts.isTemplateSpan(title.parent) || ts.isTemplateExpression(title.parent)) title = title.parent;
  const call = title.parent;
  return ts.isCallExpression(call) && call.arguments[0] === title && isTestCall(call.expression);
}

/** Whether that is `describe`, `it` or `test`, with whatever modifiers and tables. */
function isTestCall(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['describe', 'it', 'test'].includes(callee.text);
  return (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) && isTestCall(callee.expression);
}
