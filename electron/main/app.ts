// The desktop app, as one function of the electron module: one instance, one window, one host.
import { join } from 'node:path'
import { RPCHandler } from '@orpc/server/message-port'
import type { BrowserWindow } from 'electron'
import { createRouter } from '../../engine/api/handlers.ts'
import { startLocalEngine } from '../../engine/backends/local-engine.ts'
import { testProvider } from '../../engine/backends/provider-test.ts'
import { createApp } from '../../engine/host/app.ts'
import { type Host, startHost } from '../../engine/host/host.ts'
import { receiveLinks } from './deep-links.ts'
import type { Electron } from './electron.ts'
import { spawnEngine } from './engine-process.ts'
import { keychain } from './keychain.ts'
import { lockDown, refusePermissions } from './lock-down.ts'
import { setMenu } from './menu.ts'
import { answerCalls, answerRequests } from './page.ts'
import { openWindow } from './window.ts'

export interface DesktopOptions {
  /** Folder of the built programs: `preload.cjs`, `engine.mjs`. */
  dist: string
  /** The user's data folder; the platform's when absent. */
  dataDir?: string
  platform?: NodeJS.Platform
}

/** @returns the host, or undefined when another instance has the data already and was called to the front */
export async function startDesktop(
  electron: Electron,
  { dist, dataDir, platform = process.platform }: DesktopOptions,
): Promise<Host | undefined> {
  const { app } = electron
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return undefined
  }
  lockDown(electron)
  const followLinks = receiveLinks(electron)
  await app.whenReady()
  refusePermissions(electron)
  setMenu(electron, platform)

  const spawn = () => spawnEngine(electron, join(dist, 'engine.mjs'))
  const host = startHost({
    dataDir,
    seal: keychain(electron),
    startEngine: config => startLocalEngine(config, { spawn }),
    testProvider: (provider, signal) => testProvider(provider, { spawn, signal }),
  })
  const page = createApp(host)
  answerRequests(electron, request => page.fetch(request))
  answerCalls(electron, new RPCHandler(createRouter(host)))

  let window: BrowserWindow | undefined
  const show = () => {
    window = openWindow(electron, {
      preload: join(dist, 'preload.cjs'),
      bounds: join(host.folders.data, 'window.json'),
    })
    window.on('closed', () => {
      window = undefined
    })
  }
  show()

  const toFront = () => {
    if (!window) return show()
    if (window.isMinimized()) window.restore()
    window.focus()
  }
  app.on('second-instance', toFront)
  followLinks(visit => {
    toFront()
    host.events.emit(visit)
  })
  app.on('activate', () => window ?? show())
  app.on('window-all-closed', () => {
    // On a Mac an app stays until it is quit; a run may go on behind the closed window.
    if (platform !== 'darwin') app.quit()
  })

  let closing = false
  app.on('will-quit', event => {
    if (closing) return
    closing = true
    event.preventDefault()
    void host.close().finally(() => app.quit())
  })
  return host
}
