// The electron module as a value: every function here takes it, so that a test can hand in a stand-in.
import type * as ElectronModule from 'electron'

export type Electron = Pick<
  typeof ElectronModule,
  | 'app'
  | 'BrowserWindow'
  | 'ipcMain'
  | 'Menu'
  | 'nativeTheme'
  | 'protocol'
  | 'safeStorage'
  | 'session'
  | 'shell'
  | 'utilityProcess'
>

/** Where the page lives in the desktop app. A standard scheme, so `/assets/…` and modules resolve. */
export const pageScheme = 'app'
const pageHost = 'comfyrunner'
export const pageOrigin = `${pageScheme}://${pageHost}`

/** By scheme and host: Node's `URL` gives schemes of one's own the origin `null`. */
export function isPage(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host } = new URL(url)
  return protocol === `${pageScheme}:` && host === pageHost
}
