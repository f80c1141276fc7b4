import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ModelError } from '../inference/model-error.ts'
import { modelStamp } from './model-stamp.ts'
import type { Models } from './models.ts'

describe('the stamp of a model file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-stamp-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const names: Record<string, string[]> = {
    loras: ['ink.safetensors'],
    vae: ['kl.safetensors'],
    vae_approx: ['taesd_decoder.safetensors', 'taesd_encoder.safetensors'],
  }
  const at = (kind: string, name: string) => join(folder, kind, name)
  for (const [kind, files] of Object.entries(names)) {
    mkdirSync(join(folder, kind))
    for (const name of files) writeFileSync(at(kind, name), name)
  }
  const models = {
    list: kind => names[kind] ?? [],
    path(kind, name) {
      if (!names[kind]?.includes(name)) throw new ModelError(`${name} is not there.`)
      return at(kind, name)
    },
  } as Partial<Models> as Models

  test('stays as long as the file does', () => {
    const before = modelStamp(models, 'loras', 'ink.safetensors')
    expect(modelStamp(models, 'loras', 'ink.safetensors')).toBe(before)
    utimesSync(at('loras', 'ink.safetensors'), 1, 1)
    const touched = modelStamp(models, 'loras', 'ink.safetensors')
    expect(touched).not.toBe(before)
    writeFileSync(at('loras', 'ink.safetensors'), 'another')
    utimesSync(at('loras', 'ink.safetensors'), 1, 1)
    expect(modelStamp(models, 'loras', 'ink.safetensors')).not.toBe(touched)
  })

  test('of a tiny autoencoder is that of its two files', () => {
    const before = modelStamp(models, 'vae', 'taesd')
    expect(modelStamp(models, 'vae', 'kl.safetensors')).not.toBe(before)
    utimesSync(at('vae_approx', 'taesd_encoder.safetensors'), 5, 5)
    expect(modelStamp(models, 'vae', 'taesd')).not.toBe(before)
  })

  test('of a name that is not known yet, or a file that is gone, is never the same', () => {
    expect(modelStamp(models, 'loras', 'ink.safetensors', undefined)).toBeNaN()
    expect(() => modelStamp(models, 'loras', 'gone.safetensors')).toThrow(ModelError)
  })
})
