// This machine: models, settings, what was sent.
import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { familyOf } from '../host/families.ts'
import type { Host } from '../host/host.ts'
import { answers, refused } from './handlers-base.ts'

const ledgerRowsShown = 1000

export const modelHandlers = (host: Host) => ({
  list: answers.models.list.handler(() =>
    host
      .models()
      .all()
      .map(({ path, ...file }) => ({ ...file, family: familyOf(file.folder, path) })),
  ),
})

const os = answers.system

/** @throws ORPCError for the first new folder that is none; those kept from before may be unplugged drives. */
function checkModelDirs(dirs: readonly string[], before: readonly string[]): void {
  for (const dir of dirs.filter(dir => !before.includes(dir))) {
    if (!isAbsolute(dir))
      throw refused(`Give the whole path of the folder; “${dir}” is a part of one.`)
    if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
      throw refused(`There is no folder ${dir} on this machine.`)
  }
}

export const systemHandlers = (host: Host) => ({
  info: os.info.handler(async () => {
    await host.system.lookForComfyUi()
    return host.system.info()
  }),
  hardware: os.hardware.handler(() => host.hardware()),
  ledger: os.ledger.handler(() => host.store.ledger.list(ledgerRowsShown)),
  settings: os.settings.handler(() => host.store.settings.all()),
  change: os.change.handler(({ input }) => {
    checkModelDirs(input.modelDirs ?? [], host.store.settings.all().modelDirs)
    const settings = host.store.settings.change(input)
    host.settingsChanged(input)
    return settings
  }),
  free: os.free.handler(() => {
    host.engine.free(false)
    return {}
  }),
})
