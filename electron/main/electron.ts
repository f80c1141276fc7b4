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
  | 'session'
  | 'shell'
  | 'utilityProcess'
>

/** Where the page lives in the desktop app. A standard scheme, so `/assets/…` and modules resolve. */
export const pageOrigin = 'app://comfyrunner'
