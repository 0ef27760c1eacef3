/** A plugin of typedoc: in the site's navigation, each guide has its heading as its name, not its path. */
import { Converter } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  const taken = new Set();
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const text = document.content.map((part) => part.text).join('');
    const [, heading = document.name] = /^# (.+)$/m.exec(text) ?? [];
    const title = heading.replaceAll('`', '');
    // Records of runs share a heading.
    const name = taken.has(title) ? `${title}: ${document.name.split('/').pop()}` : title;
    taken.add(name);
    document.name = name;
  });
}
