import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nativeHash } from '../tools/native-sources.mjs'

const folder = join(import.meta.dirname, 'prebuilds')

test.for(readdirSync(folder))('%s is built from these sources and small', name => {
  const path = join(folder, name)
  // `node tools/build-native.mjs --prebuild` makes it anew.
  expect(readFileSync(path).includes(nativeHash)).toBe(true)
  expect(statSync(path).size).toBeLessThan(200_000)
})
