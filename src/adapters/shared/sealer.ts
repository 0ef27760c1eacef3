import { cryptoModule } from '../../builtins.ts';
import { MemcacheError } from '../../index.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Before each text that was encrypted; the number is that of the format. */
const MARK = 'memts.1.';
const KEY_BYTES = 32;

/**
 * Encrypts texts with keys derived from secrets: the first one encrypts, all of them decrypt. Each text is bound to its
 * name: under another one it can't be read.
 */
export class Sealer {
  readonly #secrets: readonly Secret[];

  constructor(secret: unknown) {
    const secrets: unknown[] = Array.isArray(secret) ? [...secret] : [secret];
    if (secrets.length === 0 || !secrets.every((one) => typeof one === 'string' && one !== '')) {
      const message = 'Invalid secret: expected a string that is not empty, or an array of such';
      throw new MemcacheError('ERR_INVALID_ARGUMENT', message);
    }
    this.#secrets = (secrets as string[]).map((one) => new Secret(one));
  }

  seal(name: string, text: string): string {
    const { createCipheriv, randomBytes } = cryptoModule();
    const [first] = this.#secrets as [Secret];
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, first.keyOf(name), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(name));
    const parts = [nonce, cipher.update(text, 'utf8'), cipher.final()];
    return MARK + Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64url');
  }

  /** The text; `undefined` for what none of the secrets encrypted under this name. */
  open(name: string, sealed: string): string | undefined {
    if (!sealed.startsWith(MARK)) return undefined;
    const bytes = Buffer.from(sealed.slice(MARK.length), 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    for (const secret of this.#secrets) {
      const text = decrypt(secret.keyOf(name), name, bytes);
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

class Secret {
  readonly #secret: string;
  #key: Buffer | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** A key for each name, since random nonces are only safe for some 2^32 texts with one key. */
  keyOf(name: string): Buffer {
    const { createHmac, scryptSync } = cryptoModule();
    // Slow on purpose, and so only once. Each process has to come to the same key, so the salt is a fixed one.
    this.#key ??= scryptSync(this.#secret, 'memts session secret', KEY_BYTES);
    return createHmac('sha256', this.#key).update(name).digest();
  }
}

/** What is authenticated beside the text. */
function boundTo(name: string): Buffer {
  return Buffer.from(MARK + name);
}

function decrypt(key: Buffer, name: string, bytes: Buffer): string | undefined {
  const decipher = cryptoModule().createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(boundTo(name));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([text, decipher.final()]).toString();
  } catch {
    return undefined;
  }
}
