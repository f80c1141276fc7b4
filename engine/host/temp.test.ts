import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { trimTemp } from './temp.ts'

/** As Windows does with a file that another program has open. */
vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  const rmSync: typeof fs.rmSync = (path, options) => {
    if (String(path).endsWith('held.png')) throw Object.assign(new Error('busy'), { code: 'EBUSY' })
    fs.rmSync(path, options)
  }
  return { ...fs, rmSync }
})

test('an old file that cannot be deleted keeps nothing else, and nobody, from going on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-temp-'))
  for (const name of ['before.png', 'held.png', 'later.png', 'new.png']) {
    writeFileSync(join(folder, name), 'x')
    if (name !== 'new.png') utimesSync(join(folder, name), 1, 1)
  }
  trimTemp(folder)
  expect(readdirSync(folder).sort()).toEqual(['held.png', 'new.png'])
  expect(() => trimTemp(join(folder, 'not there'))).not.toThrow()
  const fs = await vi.importActual<typeof import('node:fs')>('node:fs')
  fs.rmSync(folder, { recursive: true })
})
