// The shell against a stand-in for the electron module: what it locks down, and that page, assets
// and calls reach a real host.
import { EventEmitter } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { BrowserWindowConstructorOptions } from 'electron'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Contract } from '../../engine/api/contract.ts'
import type { Host } from '../../engine/host/host.ts'
import { fileSecrets } from '../../engine/host/secrets.ts'
import { startDesktop } from './app.ts'
import { readLink } from './deep-links.ts'
import { type Electron, pageOrigin } from './electron.ts'
import { keychain } from './keychain.ts'

class StandInWindow extends EventEmitter {
  static all: StandInWindow[] = []
  readonly options: BrowserWindowConstructorOptions
  loadURL = vi.fn(async () => {})
  show = vi.fn()
  focus = vi.fn()
  isMinimized = () => false
  getNormalBounds = () => ({ x: 10, y: 20, width: 1000, height: 700 })
  constructor(options: BrowserWindowConstructorOptions) {
    super()
    this.options = options
    StandInWindow.all.push(this)
  }
}

function standIn({ first = true } = {}) {
  const app = Object.assign(new EventEmitter(), {
    enableSandbox: vi.fn(),
    requestSingleInstanceLock: () => first,
    setAsDefaultProtocolClient: vi.fn(),
    whenReady: async () => {},
    quit: vi.fn(),
  })
  const engines: EventEmitter[] = []
  const electron = {
    app,
    BrowserWindow: StandInWindow,
    ipcMain: new EventEmitter(),
    Menu: { buildFromTemplate: vi.fn(template => template), setApplicationMenu: vi.fn() },
    nativeTheme: { shouldUseDarkColors: true },
    protocol: { registerSchemesAsPrivileged: vi.fn(), handle: vi.fn() },
    safeStorage: {
      isEncryptionAvailable: () => true,
      encryptString: (text: string) => Buffer.from(text).reverse(),
      decryptString: (sealed: Buffer) => Buffer.from(sealed).reverse().toString(),
    },
    session: { defaultSession: { setPermissionRequestHandler: vi.fn() } },
    shell: { openExternal: vi.fn(async () => {}) },
    utilityProcess: {
      fork: vi.fn(() => {
        const engine = Object.assign(new EventEmitter(), {
          pid: undefined,
          stdout: null,
          stderr: null,
          postMessage: vi.fn(),
          kill: vi.fn(() => engine.emit('exit', 0)),
        })
        engines.push(engine)
        return engine
      }),
    },
  }
  return { electron: electron as unknown as Electron, fake: electron, engines }
}

let dataDir: string
let host: Host | undefined

beforeEach(() => {
  StandInWindow.all = []
  dataDir = mkdtempSync(join(tmpdir(), 'comfyrunner desktop '))
})
afterEach(async () => {
  await host?.close()
  host = undefined
  rmSync(dataDir, { recursive: true, force: true })
})

const options = () => ({ dist: '/dist', dataDir, platform: 'linux' as const })

test('the window is sandboxed and isolated, and loads only the app', async () => {
  const { electron, fake } = standIn()
  host = await startDesktop(electron, options())
  expect(fake.app.enableSandbox).toHaveBeenCalled()
  expect(fake.protocol.registerSchemesAsPrivileged.mock.calls[0]![0]).toMatchObject([
    { scheme: 'app', privileges: { standard: true, secure: true } },
  ])
  const [window] = StandInWindow.all
  expect(window!.options.webPreferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
  })
  expect(window!.loadURL).toHaveBeenCalledWith(`${pageOrigin}/`)
  expect(window!.show).not.toHaveBeenCalled()
  window!.emit('ready-to-show')
  expect(window!.show).toHaveBeenCalled()
})

test('navigation away, new windows and permissions are refused', async () => {
  const { electron, fake } = standIn()
  host = await startDesktop(electron, options())
  const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler: vi.fn() })
  fake.app.emit('web-contents-created', {}, contents)
  const away = { preventDefault: vi.fn() }
  contents.emit('will-navigate', away, 'https://elsewhere.example/')
  expect(away.preventDefault).toHaveBeenCalled()
  const home = { preventDefault: vi.fn() }
  contents.emit('will-navigate', home, `${pageOrigin}/gallery`)
  expect(home.preventDefault).not.toHaveBeenCalled()

  const openWindow = contents.setWindowOpenHandler.mock.calls[0]![0]
  expect(openWindow({ url: 'file:///etc/passwd' })).toEqual({ action: 'deny' })
  expect(fake.shell.openExternal).not.toHaveBeenCalled()
  expect(openWindow({ url: 'https://example.org/' })).toEqual({ action: 'deny' })
  expect(fake.shell.openExternal).toHaveBeenCalledWith('https://example.org/')

  const decide = vi.fn()
  const ask = fake.session.defaultSession.setPermissionRequestHandler.mock.calls[0]![0]
  ask({}, 'media', decide)
  expect(decide).toHaveBeenLastCalledWith(false)
})

test('app:// answers with the host, other origins with 404', async () => {
  const { electron, fake } = standIn()
  host = await startDesktop(electron, options())
  const [scheme, answer] = fake.protocol.handle.mock.calls[0]!
  expect(scheme).toBe('app')
  const missing = await answer(new Request(`${pageOrigin}/assets/${'0'.repeat(64)}`))
  expect(missing.status).toBe(404)
  expect(await missing.json()).toEqual({ message: 'The picture is no longer there.' })
  expect((await answer(new Request('app://elsewhere/'))).status).toBe(404)
})

test('the page calls the host over the port that the preload sends', async () => {
  const { electron, fake } = standIn()
  host = await startDesktop(electron, options())
  const { port1, port2 } = new MessageChannel()
  const send = (url: string) =>
    fake.ipcMain.emit('rpc', { ports: [port2], senderFrame: { url } } as unknown)
  send('https://elsewhere.example/')
  send(`${pageOrigin}/`)
  const client: ContractRouterClient<Contract> = createORPCClient(
    new RPCLink({ port: port1 as never }),
  )
  port1.start()
  expect(await client.system.settings()).toMatchObject({ theme: 'system', offline: false })
  port1.close()
})

test('the engine lives in a utility process and gets its configuration', async () => {
  const { electron, fake, engines } = standIn()
  host = await startDesktop(electron, options())
  expect(fake.utilityProcess.fork).toHaveBeenCalledWith('/dist/engine.mjs', [], expect.anything())
  const { postMessage } = engines[0] as unknown as { postMessage: ReturnType<typeof vi.fn> }
  expect(postMessage.mock.calls[0]![0]).toMatchObject({ type: 'configure' })
  engines[0]!.emit('message', { type: 'ready', provider: 'cpu' })
  expect(host!.engine.state).toBe('ready')
})

test('a second instance calls the first to the front and ends', async () => {
  const second = standIn({ first: false })
  expect(await startDesktop(second.electron, options())).toBeUndefined()
  expect(second.fake.app.quit).toHaveBeenCalled()

  const { electron, fake } = standIn()
  host = await startDesktop(electron, options())
  fake.app.emit('second-instance', {}, ['comfyrunner'])
  expect(StandInWindow.all[0]!.focus).toHaveBeenCalled()
})

test('the place of the window comes back', async () => {
  const { electron } = standIn()
  host = await startDesktop(electron, options())
  StandInWindow.all[0]!.emit('close')
  expect(JSON.parse(readFileSync(join(dataDir, 'window.json'), 'utf8'))).toMatchObject({ x: 10 })
})

test('comfyrunner:// links lead to the account, and to shared workflows, and nowhere else', async () => {
  expect(readLink('comfyrunner://account?from=stripe')).toEqual({ type: 'visit', room: 'account' })
  expect(readLink('comfyrunner://shared/abcdefghijklmnopqrst')).toMatchObject({
    shared: 'abcdefghijklmnopqrst',
  })
  for (const other of ['comfyrunner://shared/x', 'comfyrunner://files/etc', 'https://account', 'x'])
    expect(readLink(other)).toBeUndefined()

  const { electron, fake } = standIn()
  host = await startDesktop(electron, options())
  expect(fake.app.setAsDefaultProtocolClient).toHaveBeenCalledWith('comfyrunner')
  const said: string[] = []
  const stop = new AbortController()
  const listening = (async () => {
    for await (const event of host!.events.subscribe(stop.signal)) said.push(event.type)
  })()
  await vi.waitFor(() => expect(said.length).toBeGreaterThan(0))
  fake.app.emit('second-instance', {}, ['/opt/comfyrunner', 'comfyrunner://account'])
  await vi.waitFor(() => expect(said).toContain('visit'))
  expect(StandInWindow.all[0]!.focus).toHaveBeenCalled()
  stop.abort()
  await listening
})

test('a link that starts the app is followed by the first page that listens', async () => {
  const onMac = standIn()
  onMac.fake.app.whenReady = async () => {
    const event = { preventDefault: vi.fn() }
    onMac.fake.app.emit('open-url', event, 'comfyrunner://account')
    expect(event.preventDefault).toHaveBeenCalled()
  }
  host = await startDesktop(onMac.electron, options())
  const stop = new AbortController()
  for await (const event of host!.events.subscribe(stop.signal))
    if (event.type === 'visit') stop.abort()
  // Once is enough: a page that is opened later starts where it was left.
  const later = new AbortController()
  const seen: string[] = []
  setTimeout(() => host!.events.emit({ type: 'catalogue' }), 20)
  for await (const event of host!.events.subscribe(later.signal)) {
    seen.push(event.type)
    if (event.type === 'catalogue') later.abort()
  }
  expect(seen).not.toContain('visit')
})

test('on Windows and Linux the link that starts the app stands on the command line', async () => {
  const argv = process.argv
  process.argv = ['/opt/comfyrunner', '--no-sandbox', 'comfyrunner://shared/abcdefghijklmnopqrst']
  try {
    host = await startDesktop(standIn().electron, options())
  } finally {
    process.argv = argv
  }
  const stop = new AbortController()
  let visit: object | undefined
  for await (const event of host!.events.subscribe(stop.signal)) {
    if (event.type !== 'visit') continue
    visit = event
    stop.abort()
  }
  expect(visit).toMatchObject({ room: 'account', shared: 'abcdefghijklmnopqrst' })
})

test('tokens lie sealed by the keychain, readable by their owner alone', async () => {
  const { electron } = standIn()
  const file = join(dataDir, 'tokens')
  fileSecrets(file, keychain(electron)).set('account.session', 'a secret')
  expect(readFileSync(file, 'utf8')).not.toContain('a secret')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(fileSecrets(file, keychain(electron)).get('account.session')).toBe('a secret')
  // Another user's keychain: nothing is known, and nothing breaks.
  expect(fileSecrets(file).get('account.session')).toBeUndefined()
  const none = { ...electron, safeStorage: { isEncryptionAvailable: () => false } }
  expect(keychain(none as unknown as Electron)).toBeUndefined()
})
