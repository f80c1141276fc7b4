// Every outgoing request: when, to whom, what for, how much.
import { useEffect, useState } from 'react'
import type { LedgerRow } from '../../../../engine/api/contract.ts'
import { host, reason } from '../../host/connection.ts'
import { useSystem } from '../../stores/system.ts'
import { formatBytes, formatTime } from '../../ui/format.ts'

const mostRows = 500

export function NetworkLedger() {
  const sent = useSystem(state => state.info?.sentBytes)
  const [rows, setRows] = useState<LedgerRow[]>()
  const [failed, setFailed] = useState<string>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: more bytes mean more rows
  useEffect(() => {
    host.system.ledger().then(setRows, error => setFailed(reason(error)))
  }, [sent])
  if (failed) return <p className="px-3 py-3 text-bad">The list did not arrive. {failed}</p>
  if (!rows) return null
  if (rows.length === 0) {
    return (
      <p data-testid="ledger-empty" className="px-3 py-3 text-soft">
        Nothing: no request has left this machine.
      </p>
    )
  }
  return (
    <table className="w-full text-left tabular">
      <thead className="text-xs text-faint">
        <tr>
          <th className="px-3 py-2 font-medium">When</th>
          <th className="px-3 py-2 font-medium">To</th>
          <th className="px-3 py-2 font-medium">For</th>
          <th className="px-3 py-2 text-right font-medium">Sent</th>
          <th className="px-3 py-2 text-right font-medium">Received</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, mostRows).map(row => (
          <tr key={`${row.timeMs} ${row.host} ${row.purpose}`} className="border-t border-line">
            <td className="px-3 py-1.5 whitespace-nowrap">{formatTime(row.timeMs)}</td>
            <td className="selectable px-3 py-1.5">{row.host}</td>
            <td className="px-3 py-1.5 text-soft">
              {row.purpose}
              {row.refused && <span className="text-warn"> (refused: offline)</span>}
            </td>
            <td className="px-3 py-1.5 text-right">{formatBytes(row.sentBytes)}</td>
            <td className="px-3 py-1.5 text-right">{formatBytes(row.receivedBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
