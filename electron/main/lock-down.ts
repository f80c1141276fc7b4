// What no page of ours may do, set before any window exists.
// https://www.electronjs.org/docs/latest/tutorial/security
import { isSafeAddress } from '../../engine/host/http-client.ts'
import { type Electron, isPage, pageScheme } from './electron.ts'

/** Call before `app` is ready: schemes cannot be registered later. */
export function lockDown({ app, protocol, shell }: Electron): void {
  app.enableSandbox()
  protocol.registerSchemesAsPrivileged([
    {
      scheme: pageScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true },
    },
  ])
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event, url) => {
      if (!isPage(url)) event.preventDefault()
    })
    contents.on('will-attach-webview', event => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      // A link out opens in the user's browser, never in a window of ours; a file or another program
      // is no link.
      if (isSafeAddress(url)) void shell.openExternal(url)
      return { action: 'deny' }
    })
  })
}

/** Camera, notifications and the like: the page needs none but writing to the clipboard. */
export function refusePermissions({ session }: Electron): void {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, decide) =>
    decide(permission === 'clipboard-sanitized-write'),
  )
}
