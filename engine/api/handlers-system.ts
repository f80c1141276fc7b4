// This machine: models, settings, what was sent.
import { familyOf } from '../host/families.ts'
import type { Host } from '../host/host.ts'
import { answers } from './handlers-base.ts'

const LEDGER_ROWS_SHOWN = 1000

export const modelHandlers = (host: Host) => ({
  list: answers.models.list.handler(() =>
    host
      .models()
      .all()
      .map(({ path, ...file }) => ({ ...file, family: familyOf(file.folder, path) })),
  ),
})

const os = answers.system

export const systemHandlers = (host: Host) => ({
  info: os.info.handler(async () => {
    await host.system.lookForComfyUi()
    return host.system.info()
  }),
  ledger: os.ledger.handler(() => host.store.ledger.list(LEDGER_ROWS_SHOWN)),
  settings: os.settings.handler(() => host.store.settings.all()),
  change: os.change.handler(({ input }) => {
    const settings = host.store.settings.change(input)
    host.settingsChanged(input)
    return settings
  }),
  free: os.free.handler(() => {
    host.engine.free(false)
    return {}
  }),
})
