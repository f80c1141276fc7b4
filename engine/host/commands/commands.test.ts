// The command line as a script uses it: exit codes, stdout, and every problem named.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Prompt } from '../../graph/prompt.ts'
import { extractWorkflow } from '../../image/extract-workflow.ts'
import { endlessPrompt, smallPrompt } from '../fixtures/test-host.ts'
import { main } from './main.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cli-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const cliFile = join(import.meta.dirname, '../cli.ts')
function start(...args: string[]) {
  const child = spawn(process.execPath, [cliFile, ...args], {
    env: { ...process.env, COMFYRUNNER_DATA: join(dir, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', text => {
    out += text
  })
  child.stderr.on('data', text => {
    err += text
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>(resolve =>
    child.on('close', code => resolve({ code, out, err })),
  )
  return { child, ended, err: () => err }
}
const cli = (...args: string[]) => start(...args).ended

/** The same without a process of its own: quick. */
async function quick(...args: string[]) {
  let out = ''
  let err = ''
  vi.stubEnv('COMFYRUNNER_DATA', join(dir, 'data'))
  const stdout = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation(text => Boolean((out += text)))
  const stderr = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation(text => Boolean((err += text)))
  try {
    const code = await main(args)
    return { code, out, err }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
    vi.unstubAllEnvs()
  }
}
const pixels = (path: string) => sharp(path).raw().toBuffer()

function file(name: string, content: object | string): string {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('run', () => {
  test('prints one path a line; the picture carries prompt and workflow and runs again', async () => {
    const path = file('small.json', smallPrompt())
    const first = await cli('run', path, '--output-dir', join(dir, 'out'))
    expect([first.code, first.out]).toEqual([0, `${join(dir, 'out', 'test_00001_.png')}\n`])
    expect(first.err).toContain('ImageInvert')
    const carried = extractWorkflow(readFileSync(first.out.trim()))
    expect(JSON.parse(carried.prompt!)['2'].class_type).toBe('ImageInvert')
    expect(JSON.parse(carried.workflow!).nodes).toHaveLength(3)
    const again = await cli('run', first.out.trim(), '--output-dir', join(dir, 'out'), '--json')
    const result = JSON.parse(again.out)
    expect(result).toMatchObject({ state: 'done', problems: [] })
    expect(await pixels(result.outputs[0].path)).toEqual(await pixels(first.out.trim()))
    // No database is needed to run.
    expect(existsSync(join(dir, 'data', 'comfyrunner.db'))).toBe(false)
  })

  test('--set by id, type and title changes what is made', async () => {
    const prompt = smallPrompt()
    const path = file('set.json', {
      prompt: { ...prompt, '2': { ...prompt['2'], _meta: { title: 'v1.5 flip' } } },
    })
    const done = await cli(
      'run',
      path,
      '--output-dir',
      join(dir, 'set'),
      '--set',
      'EmptyImage.width=24',
      '--set',
      '1.height=16',
      '--set',
      '3.filename_prefix=a=b',
    )
    expect(done.code).toBe(0)
    const bytes = readFileSync(done.out.trim())
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([24, 16])
    expect(done.out).toContain('a=b_00001_.png')
  })

  test.each([
    ['no such file', () => ['gone.json'], /no file gone\.json/],
    ['broken JSON', () => [file('broken.json', '{"1": ')], /broken\.json: .*line 1/],
    ['no workflow', () => [file('other.json', '[1]')], /other\.json/],
    ['a text file', () => [file('notes.txt', 'hello')], /neither workflow JSON nor a picture/],
    [
      'an unknown node',
      () => [file('unknown.json', smallPrompt({ '2': { class_type: 'NoSuchNode', inputs: {} } }))],
      /NoSuchNode/,
    ],
    [
      'a cycle',
      () => [
        file(
          'cycle.json',
          smallPrompt({ '2': { class_type: 'ImageInvert', inputs: { image: ['2', 0] } } }),
        ),
      ],
      /node 2 .*(circle|cycle|loop)/i,
    ],
    [
      'a wrong type',
      () => [
        file(
          'type.json',
          smallPrompt({
            '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'x' } },
            '2': { class_type: 'ImageInvert', inputs: { image: ['4', 0] } },
            '4': { class_type: 'PrimitiveInt', inputs: { value: 1 } },
          }),
        ),
      ],
      /node 2 \(ImageInvert\), image: .*IMAGE/,
    ],
    [
      'a missing model',
      () => [
        file(
          'model.json',
          smallPrompt({
            '1': { class_type: 'VAEDecode', inputs: { samples: ['5', 0], vae: ['6', 0] } },
            '5': {
              class_type: 'EmptyLatentImage',
              inputs: { width: 64, height: 64, batch_size: 1 },
            },
            '6': { class_type: 'VAELoader', inputs: { vae_name: 'gone.safetensors' } },
          }),
        ),
      ],
      /node 6 \(VAELoader\), vae_name: .*gone\.safetensors/,
    ],
    [
      'a missing picture',
      () => [
        file(
          'picture.json',
          smallPrompt({ '1': { class_type: 'LoadImage', inputs: { image: 'gone.png' } } }),
        ),
      ],
      /node 1 \(LoadImage\), image: .*gone\.png/,
    ],
    [
      'two problems at once',
      () => [
        file(
          'two.json',
          smallPrompt({
            '1': {
              class_type: 'EmptyImage',
              inputs: { width: 0, height: 'x', batch_size: 1, color: 0 },
            },
          }),
        ),
      ],
      /width.*\n.*height/,
    ],
    [
      'a node that is not there',
      () => [file('a.json', smallPrompt()), '--set', 'nope.x=1'],
      /no such node/,
    ],
    [
      'an input that is not there',
      () => [file('b.json', smallPrompt()), '--set', '1.nope=1'],
      /no input “nope”.*width/,
    ],
    [
      'a number that is none',
      () => [file('c.json', smallPrompt()), '--set', '1.width=wide'],
      /takes a number/,
    ],
    [
      'a seed where none is',
      () => [file('d.json', smallPrompt()), '--seed', '1'],
      /no node .* seed/,
    ],
    [
      'a provider that is none',
      () => [file('f.json', smallPrompt()), '--provider', 'gpu'],
      /--provider gpu: one of auto, cuda, .*cpu/,
    ],
    [
      'an unknown precision',
      () => [file('f.json', smallPrompt()), '--precision', 'int4'],
      /--precision int4: one of exact, int8/,
    ],
    ['an unknown option', () => [file('e.json', smallPrompt()), '--frob'], /--frob/],
  ])('%s: exit code 2 and what to mend', async (_, args, message) => {
    const { code, out, err } = await quick('run', ...args())
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
    expect(err).not.toMatch(/^\s+at /m)
  })

  test.each(['0', '1.5', 'all', '100000'])('bench --threads %s: exit code 2', async threads => {
    const { code, out, err } = await quick('bench', '--threads', threads)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`--threads ${threads}: a whole number from 1 to `)
  })

  test('a node that fails while it runs: exit code 1, named, no stack', async () => {
    writeFileSync(
      join(dir, 'data', 'input', 'torn.png'),
      Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0]),
    )
    const path = file(
      'torn.json',
      smallPrompt({ '1': { class_type: 'LoadImage', inputs: { image: 'torn.png' } } }),
    )
    const { code, err } = await cli('run', path)
    expect(code).toBe(1)
    expect(err).toMatch(/node 1 \(LoadImage\): .*torn\.png/)
    expect(err).not.toMatch(/^\s+at /m)
  })

  test('Ctrl+C interrupts', async () => {
    const endless = endlessPrompt({
      class_type: 'SaveImage',
      inputs: { images: ['5', 0], filename_prefix: 'never' },
    })
    const running = start('run', file('endless.json', endless), '--seed', '18446744073709551615')
    while (!running.err().includes('CLIPTextEncode'))
      await new Promise(resolve => setTimeout(resolve, 50))
    running.child.kill('SIGINT')
    const { code, out, err } = await running.ended
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('interrupted')
  })
})

describe('convert', () => {
  test('API to UI and back says the same', async () => {
    const ui = await quick('convert', file('api.json', smallPrompt()), '--to', 'ui')
    expect(ui.code).toBe(0)
    expect(JSON.parse(ui.out).nodes).toHaveLength(3)
    const api = await quick('convert', file('ui.json', ui.out))
    expect(api.code).toBe(0)
    expect(
      Object.fromEntries(
        Object.entries(JSON.parse(api.out) as Prompt).map(([id, { class_type, inputs }]) => [
          id,
          { class_type, inputs },
        ]),
      ),
    ).toEqual(smallPrompt())
  })
  test('another form is refused', async () => {
    expect(await quick('convert', 'x.json', '--to', 'yaml')).toMatchObject({ code: 2 })
  })
})

test('help, version, models and unknown commands', async () => {
  expect(await quick('--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('--set NODE.INPUT=VALUE'),
  })
  expect((await quick('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(await quick('frob')).toMatchObject({ code: 2, out: '' })
  expect((await quick('models')).out).toContain('checkpoints/starter.safetensors')
})
