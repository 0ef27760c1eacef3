/** A plugin of typedoc: the API's modules have the names by which programs import them. */
import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    reflection.name = reflection.name === 'index' ? 'memts' : `memts/${reflection.name}`;
  });
}
