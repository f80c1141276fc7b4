// The one window. Its place and size come back on the next start.
import { readFileSync, writeFileSync } from 'node:fs'
import type { BrowserWindow, Rectangle } from 'electron'
import { type Electron, pageOrigin } from './electron.ts'

const smallest = { width: 900, height: 600 }
const usual = { width: 1280, height: 800 }

/** A damaged or missing file means the usual size. */
function readBounds(file: string): Partial<Rectangle> {
  try {
    const bounds = JSON.parse(readFileSync(file, 'utf8')) as Partial<Rectangle>
    const sane = ['x', 'y', 'width', 'height'].every(key =>
      Number.isInteger(bounds[key as keyof Rectangle]),
    )
    return sane ? bounds : usual
  } catch {
    return usual
  }
}

export function openWindow(
  { BrowserWindow, nativeTheme }: Electron,
  paths: { preload: string; bounds: string },
): BrowserWindow {
  const window = new BrowserWindow({
    ...readBounds(paths.bounds),
    minWidth: smallest.width,
    minHeight: smallest.height,
    show: false,
    title: 'ComfyRunner',
    // The page's own grey, so that nothing flashes white before it is drawn.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#17171a' : '#fafafa',
    webPreferences: {
      preload: paths.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  })
  window.once('ready-to-show', () => window.show())
  window.on('close', () => {
    try {
      writeFileSync(paths.bounds, JSON.stringify(window.getNormalBounds()))
    } catch {
      // A full disk must not keep the window from closing; the place is forgotten, nothing else.
    }
  })
  void window.loadURL(`${pageOrigin}/`)
  return window
}
