// A journey's ground: the real host in its own process on a free port with a data folder of its own,
// and a page in a real browser. `restart` ends the host as the power would, and starts it again.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from './chromium.ts'

export const repository = join(import.meta.dirname, '..')
const startTimeoutMs = 60_000

export interface RunningHost {
  readonly url: string
  readonly dataDir: string
  readonly pid: number
  /** kill -9 of the host process, then a new one on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

interface Started {
  process: ChildProcess
  url: string
}

function startProcess(dataDir: string, env: NodeJS.ProcessEnv): Promise<Started> {
  const args = ['serve', '--port', '0', '--data-dir', dataDir]
  const child = spawn(process.execPath, [join(repository, 'engine/host/cli.ts'), ...args], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let output = ''
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('did not start in time'), startTimeoutMs)
    const fail = (why: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`The host ${why}. It said:\n${output}`))
    }
    const onData = (chunk: Buffer) => {
      output = (output + chunk).slice(-20_000)
      const url = /http:\/\/[\w.:[\]]+/.exec(output)?.[0]
      if (!url) return
      clearTimeout(timer)
      resolve({ process: child, url })
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
    child.on('exit', code => fail(`ended with code ${code}`))
  })
}

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>(resolve => child.once('exit', () => resolve()))

/** @param env more of it: where the account's cloud is */
export async function startHost(env: NodeJS.ProcessEnv = {}): Promise<RunningHost> {
  const dataDir = mkdtempSync(join(tmpdir(), 'comfyrunner e2e ü '))
  let current = await startProcess(dataDir, env)
  return {
    dataDir,
    get url() {
      return current.url
    },
    get pid() {
      return current.process.pid!
    },
    async restart() {
      current.process.kill('SIGKILL')
      await ended(current.process)
      current = await startProcess(dataDir, env)
    },
    async stop() {
      current.process.kill('SIGTERM')
      await ended(current.process)
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export interface Journey {
  readonly host: RunningHost
  readonly page: Page
  /** What the browser complained of: page errors and console errors. A journey ends with none. */
  readonly complaints: string[]
  /** A fresh page on the host's present address. */
  open(): Promise<Page>
  end(): Promise<void>
}

export async function startJourney(env: NodeJS.ProcessEnv = {}): Promise<Journey> {
  const host = await startHost(env)
  let browser: Browser
  try {
    browser = await launchBrowser()
  } catch (error) {
    await host.stop()
    throw error
  }
  const complaints: string[] = []
  const open = async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('console', message => {
      // A host that was ended on purpose shows as refused connections.
      if (message.type() === 'error' && !/ERR_CONNECTION|WebSocket/.test(message.text()))
        complaints.push(message.text())
    })
    await page.goto(host.url)
    return page
  }
  let page = await open()
  return {
    host,
    complaints,
    get page() {
      return page
    },
    async open() {
      await page.close()
      page = await open()
      return page
    },
    async end() {
      await browser.close()
      await host.stop()
    },
  }
}
