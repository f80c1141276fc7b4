// The desktop app's entry point. Everything is a function of the electron module: see app.ts.
import * as electron from 'electron'
import { startDesktop } from './app.ts'

// Not awaited: Electron becomes ready only when this module has been evaluated.
startDesktop(electron, { dist: import.meta.dirname }).catch(error => {
  // Without a host there is no page to say it on.
  electron.dialog.showErrorBox('ComfyRunner could not start', String(error?.message ?? error))
  electron.app.exit(1)
})
