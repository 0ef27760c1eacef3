import { invalidArgument } from '../errors.ts';

/** A schema as zod, valibot, arktype and others have it: `StandardSchemaV1` of standardschema.dev. */
export interface Schema<TOut = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<TOut> | Promise<SchemaResult<TOut>>;
    readonly types?: { readonly input: unknown; readonly output: TOut } | undefined;
  };
}

type SchemaResult<TOut> =
  | { readonly value: TOut; readonly issues?: undefined }
  | { readonly issues: readonly unknown[] };

/** What a schema makes of a value, or throws `ERR_INVALID_ARGUMENT`; what it says of the value is in no message. */
export async function validated(schema: Schema, value: unknown): Promise<unknown> {
  let reason = 'refuses it';
  let cause: unknown;
  try {
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value;
  } catch (error) {
    reason = 'failed';
    cause = error;
  }
  throw invalidArgument('value', `the schema ${reason}`, cause);
}
