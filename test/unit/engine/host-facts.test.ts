import { expect, it } from 'vitest'
import { parseLimits } from '../../../lib/engine/host-facts.ts'

it('reads hard limits as the kernel writes them', () => {
  const text = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max core file size        0                    unlimited            bytes     
Max processes             62898                62899                processes 
Max open files            1024                 1048576              files     
Max msgqueue size         819200               819201               bytes     
Max realtime timeout      unlimited            unlimited            us        
`
  const unlimited = 2n ** 64n - 1n
  expect(parseLimits(text)).toEqual({ CPU: unlimited, CORE: unlimited, NPROC: 62899n, NOFILE: 1048576n, MSGQUEUE: 819201n, RTTIME: unlimited })
})
