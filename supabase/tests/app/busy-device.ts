// A device that runs as fast as it may and is killed at any moment: `busy-device.ts <place as JSON>`.
// Says each run on stdout once it is written down, and `limit` when nothing more may run.
import { openDevice } from './device.ts'

const device = openDevice(JSON.parse(process.argv[2]!))
await device.account.refresh()
for (;;) {
  const refusal = await device.account.checkAllowance()
  if (refusal?.code === 'quota_reached') {
    process.stdout.write('limit\n')
    break
  }
  if (refusal) continue
  const id = crypto.randomUUID()
  if (device.run(id)) process.stdout.write(`${id}\n`)
}
await device.account.refresh()
device.close()
