// One installation of the app, as far as the account goes: the real store, secrets, HTTP client and
// account code on a data folder of its own, against the local cloud.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type OpenAccount, openAccount } from '../../../engine/account/account.ts'
import { createHttpClient } from '../../../engine/host/http-client.ts'
import { fileSecrets } from '../../../engine/host/secrets.ts'
import { openStore, type Store } from '../../../engine/store/store.ts'

export interface Device {
  account: OpenAccount
  store: Store
  /** As when a run was done: counted in the transaction that writes its end. */
  run(id: string): boolean
  close(): void
}

export interface Place {
  dir: string
  url: string
  key: string
  name: string
}

export function openDevice({ dir, url, key, name }: Place): Device {
  mkdirSync(dir, { recursive: true })
  const store = openStore(join(dir, 'comfyrunner.db'))
  const account = openAccount({
    config: { url, key },
    secrets: fileSecrets(join(dir, 'secrets')),
    http: createHttpClient(store.ledger, () => store.settings.all().offline),
    store,
    device: {
      get id() {
        const known = store.settings.account<string>('device') ?? crypto.randomUUID()
        store.settings.setAccount('device', known)
        return known
      },
      name,
    },
    changed: () => {},
    workflowsChanged: () => {},
  })
  return {
    account,
    store,
    run: id =>
      store.transaction(() =>
        store.usage.count(
          store.settings.account<{ id: string }>('user')!.id,
          id,
          'workflow',
          Date.now(),
        ),
      ),
    close() {
      account.close()
      store.close()
    },
  }
}
