// A browser to test in: an installed Chrome or Chromium first, else the one that ships inside the
// npm package @sparticuz/chromium (unpacked once into the system's temporary folder).
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const installed = [
  process.env.CHROME_PATH,
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

async function packaged(): Promise<string> {
  const { default: binary } = await import('@sparticuz/chromium')
  return binary.executablePath()
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = installed.find(path => path && existsSync(path)) ?? (await packaged())
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}
