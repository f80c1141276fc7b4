import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { RunEvent } from '../run/events.ts'
import { jobOf, type ShortPrompt } from '../run/fixtures/run-prompt.ts'
import { startTestEngine } from './fixtures/test-engine.ts'
import type { LocalEngine, LocalEngineOptions } from './local-engine.ts'

const quick: ShortPrompt = {
  one: ['Number', { value: 1 }],
  show: ['Show', { value: ['one', 0] }],
}
const slow: ShortPrompt = {
  one: ['Number', { value: 1 }],
  steps: ['Steps', { steps: 100_000, ms: 2, after: ['one', 0] }],
  show: ['Show', { value: ['steps', 0] }],
}

const engines: LocalEngine[] = []
const start = (options?: LocalEngineOptions) => {
  const engine = startTestEngine(options)
  engines.push(engine)
  return engine
}
afterEach(async () => {
  await Promise.all(engines.splice(0).map(engine => engine.close()))
})

interface Watched {
  events: RunEvent[]
  signal?: AbortSignal
  onEvent?: (event: RunEvent) => void
}

async function run(engine: LocalEngine, prompt: ShortPrompt, options: Partial<Watched> = {}) {
  const events: RunEvent[] = []
  const onEvent = (event: RunEvent) => {
    events.push(event)
    options.onEvent?.(event)
  }
  await engine.run(jobOf(prompt), onEvent, options.signal)
  return { events, last: events.at(-1)! }
}

const atFirstStep = (action: () => void) => (event: RunEvent) => {
  if (event.type === 'progress' && event.done === 1) action()
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function becomes(condition: () => boolean, timeoutMs = 10_000): Promise<boolean> {
  const end = Date.now() + timeoutMs
  while (!condition() && Date.now() < end) await wait(10)
  return condition()
}

describe('the local engine', () => {
  it('runs prompts in its own process, and keeps results from run to run', async () => {
    const engine = start()
    const states: string[] = []
    engine.subscribe(() => states.push(engine.state))
    expect((await run(engine, quick)).events.map(event => event.type)).toEqual([
      'cached',
      'started',
      'done',
      'started',
      'done',
      'shown',
      'finished',
    ])
    const { events } = await run(engine, quick)
    expect(events[0]).toEqual({ type: 'cached', nodes: ['one', 'show'] })
    expect(engine.pid).not.toBe(process.pid)
    expect(states).toContain('busy')
    expect(engine.state).toBe('ready')
    expect(await becomes(() => engine.memory.rssBytes > 0)).toBe(true)
  })

  it('lets go of models when asked, and keeps results', async () => {
    const engine = start()
    await run(engine, quick)
    const { pid } = engine
    engine.free()
    expect((await run(engine, quick)).events[0]).toEqual({ type: 'cached', nodes: ['one', 'show'] })
    expect(await becomes(() => engine.memory.modelBytes === 1)).toBe(true)
    expect(engine.pid).toBe(pid)
  })

  it('lets go of models and results when asked, with all the memory of its process', async () => {
    const engine = start()
    await run(engine, quick)
    const { pid } = engine
    engine.free(true)
    const { events, last } = await run(engine, quick)
    expect(events[0]).toEqual({ type: 'cached', nodes: [] })
    expect(last.type).toBe('finished')
    expect(engine.pid).not.toBe(pid)
    expect(await becomes(() => !isAlive(pid!))).toBe(true)
  })

  it('takes one run at a time', async () => {
    const engine = start()
    const first = run(engine, quick)
    await expect(run(engine, quick)).rejects.toThrow('busy')
    expect((await first).last.type).toBe('finished')
  })

  it('says what keeps it from being set up', async () => {
    const engine = startTestEngine({}, { inputDir: 'broken' })
    engines.push(engine)
    expect((await run(engine, quick)).last).toMatchObject({
      type: 'failed',
      message: 'The models folder is broken.',
    })
  })
})

describe('an interrupt', () => {
  it('stops a run', async () => {
    const engine = start()
    const abort = new AbortController()
    const { last } = await run(engine, slow, {
      signal: abort.signal,
      onEvent: atFirstStep(() => abort.abort()),
    })
    expect(last).toEqual({ type: 'interrupted', node: 'steps', executed: ['one'] })
    expect((await run(engine, quick)).last.type).toBe('finished')
  })

  it('ends a run that has not begun', async () => {
    const engine = start()
    const abort = new AbortController()
    setImmediate(() => abort.abort())
    const { last } = await run(engine, slow, { signal: abort.signal })
    expect(last).toEqual({ type: 'interrupted', executed: [] })
    expect((await run(engine, quick)).last.type).toBe('finished')
  })

  it('ends the process if the run does not stop', async () => {
    const engine = start({ interruptTimeoutMs: 50 })
    const abort = new AbortController()
    let pid: number | undefined
    const stubborn: ShortPrompt = {
      one: ['Number', { value: 1 }],
      block: ['Spin', { ms: 60_000, after: ['one', 0] }],
      show: ['Show', { value: ['block', 0] }],
    }
    const { last } = await run(engine, stubborn, {
      signal: abort.signal,
      onEvent: event => {
        if (event.type !== 'started' || event.node !== 'block') return
        pid = engine.pid
        abort.abort()
      },
    })
    expect(last).toEqual({ type: 'interrupted', executed: ['one'] })
    expect((await run(engine, quick)).last.type).toBe('finished')
    expect(engine.pid).not.toBe(pid)
  })
})

describe('when the process is killed', () => {
  it('the run fails with the reason, and the next one completes', async () => {
    const engine = start()
    const { last } = await run(engine, slow, {
      onEvent: atFirstStep(() => process.kill(engine.pid!, 'SIGKILL')),
    })
    expect(last).toMatchObject({
      type: 'failed',
      code: 'engine_died',
      message:
        'The engine process ended unexpectedly while node steps was running (killed by SIGKILL).',
      executed: ['one'],
    })
    expect(last).toHaveProperty('hint')
    expect((await run(engine, quick)).last.type).toBe('finished')
  })

  it('in between, the next run completes', async () => {
    const engine = start()
    await run(engine, quick)
    const pid = engine.pid!
    process.kill(pid, 'SIGKILL')
    await becomes(() => engine.pid !== pid)
    expect((await run(engine, quick)).last.type).toBe('finished')
  })

  it('again and again, each run hears of it', async () => {
    const engine = start({
      spawn: () =>
        spawn(process.execPath, ['-e', 'process.exit(3)'], {
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        }),
    })
    for (let i = 0; i < 2; i++)
      expect((await run(engine, quick)).last).toMatchObject({
        code: 'engine_died',
        message: 'The engine process ended unexpectedly (exit code 3).',
      })
  })
})

describe('the process ends', () => {
  it('when the engine is closed, even in a run', async () => {
    const engine = start()
    let pid = 0
    const { last } = await run(engine, slow, {
      onEvent: atFirstStep(() => {
        pid = engine.pid!
        engine.close()
      }),
    })
    expect(last.type).toBe('interrupted')
    await engine.close()
    expect(engine.state).toBe('stopped')
    expect(isAlive(pid)).toBe(false)
    await expect(run(engine, quick)).rejects.toThrow('closed')
  })

  it('when its host is killed', async () => {
    const script = fileURLToPath(new URL('fixtures/test-host.ts', import.meta.url))
    const host = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [text] = (await once(host.stdout!, 'data')) as [Buffer]
    const pid = Number(String(text))
    expect(isAlive(pid)).toBe(true)
    host.kill('SIGKILL')
    expect(await becomes(() => !isAlive(pid))).toBe(true)
  })
})

it('closes while it waits to start again, and the run that waited with it is over', async () => {
  const engine = start({ spawn: () => spawn(process.execPath, ['-e', 'process.exit(1)']) })
  expect(await becomes(() => engine.pid === undefined)).toBe(true)
  const waiting = run(engine, quick)
  await engine.close()
  expect((await waiting).last).toMatchObject({ type: 'interrupted', executed: [] })
  expect(engine.state).toBe('stopped')
})
