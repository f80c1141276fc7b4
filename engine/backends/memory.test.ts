// Memory comes back: after letting go, and as models change places. Longer: bench/memory-bench.ts.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { measureMemory } from '../../bench/memory-bench.ts'

const starter = resolve(
  import.meta.dirname,
  '../../resources/models/checkpoints/starter.safetensors',
)

test.skipIf(process.platform !== 'linux')(
  'an engine that let go is as small as a new one; switching models does not make it grow',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-switches-'))
    try {
      const other = join(folder, 'other.safetensors')
      copyFileSync(starter, other)
      const report = await measureMemory({ checkpoints: [starter, other], pixels: 64, switches: 6 })
      expect(report.unloadedMb).toBeLessThan(report.idleMb * 1.1)
      expect(report.switchesMb).toHaveLength(3)
      expect(report.switchesMb[2]).toBeLessThan(report.switchesMb[0]! * 1.1)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  60_000,
)
