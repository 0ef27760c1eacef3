import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { requireProgram } from '../../support/programs.ts';

/** Nothing that reaches out of this machine. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium without a window, with a profile of its own that goes with it. */
export function startBrowser(): Promise<Browser> {
  const executablePath = requireProgram('chromium', 'chromium-browser', 'google-chrome');
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}

export type Scheme = 'light' | 'dark';

export async function openContext(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' });
}

/** The site follows the system's choice until the reader makes one. */
export async function chooseScheme(page: Page, scheme: Scheme): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction(`document.documentElement.classList.contains('dark') === ${scheme === 'dark'}`);
}
