import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clearLeftovers } from './leftovers.ts'

test('only old unfinished files go, whatever else lies there', () => {
  const dir = mkdtempSync(join(tmpdir(), 'leftovers-'))
  mkdirSync(join(dir, 'sub'))
  const put = (name: string, ageHours: number) => {
    writeFileSync(join(dir, name), 'x')
    const time = Date.now() / 1000 - ageHours * 3600
    utimesSync(join(dir, name), time, time)
  }
  put(`.upload-${crypto.randomUUID()}`, 2)
  put('sub/.a_00001_.png.123.part', 2)
  put('.b_00001_.png.123.part', 0)
  put('mine.part', 99)
  put('.hidden', 99)
  expect(clearLeftovers(dir)).toBe(2)
  expect(readdirSync(dir).sort()).toEqual(['.b_00001_.png.123.part', '.hidden', 'mine.part', 'sub'])
  expect(readdirSync(join(dir, 'sub'))).toEqual([])
  expect(clearLeftovers(join(dir, 'not there'))).toBe(0)
  rmSync(dir, { recursive: true })
})
