import { afterEach, describe, expect, it } from 'vitest'
import { useMachine } from './machine.ts'

const { run, succeed } = useMachine()

afterEach(async () => {
  await succeed('lichen rm -fa')
  expect(await succeed("systemctl --user list-units --all --plain --no-legend 'lichen-*'")).toBe('')
  expect(await succeed("find /sys/fs/cgroup -name 'lichen-*'")).toBe('')
})

const state = (name: string) => succeed(`lichen inspect --format '{{.State.Status}}' ${name}`)

describe('pause', () => {
  it('stops a container in its scope, and lets it go on', async () => {
    await succeed('lichen run -d --name box busybox sh -c \'trap "exit 5" TERM; while :; do echo tick; sleep 0.1; done\'')
    expect(await succeed('lichen pause box')).toBe('box')
    expect(await state('box')).toBe('paused')
    expect(await succeed("lichen ps --format '{{.Status}}'")).toMatch(/\(Paused\)$/)
    expect(await succeed('lichen logs box | wc -l; sleep 1; lichen logs box | wc -l')).toMatch(/^(\d+)\n\1$/)
    expect((await run('lichen exec box true')).output).toContain('Error: Container box is paused, unpause the container before exec')
    await succeed('lichen unpause box')
    expect(await succeed('lichen exec box echo hi')).toBe('hi')
    await succeed('lichen pause box && lichen stop box')
    expect(await succeed("lichen inspect --format '{{.State.Status}} {{.State.ExitCode}}' box")).toBe('exited 5')
  })

  it('of one whose monitor is killed nothing is left', async () => {
    await succeed('lichen run -d --name box busybox sleep 1000 && lichen pause box')
    await succeed("kill -9 $(lichen inspect --format '{{.State.ConmonPid}}' box)")
    expect(await succeed('lichen wait box')).toBe('255')
    expect(await state('box')).toBe('exited')
  })
})

describe('update', () => {
  const limit = (file: string) => succeed(`cat $(lichen inspect --format '{{.State.CgroupPath}}' box)/${file}`)

  it('changes the limits of one that runs, and those of its next start', async () => {
    await succeed('lichen run -d --name box --memory 64m busybox sleep 1000')
    await succeed('lichen update --memory 96m --memory-swap 128m --cpus 0.5 --pids-limit 50 box')
    expect(await limit('memory.max')).toBe(String(96 * 2 ** 20))
    expect(await limit('memory.swap.max')).toBe(String(32 * 2 ** 20))
    expect(await limit('cpu.max')).toBe('50000 100000')
    expect(await limit('pids.max')).toBe('50')
    await succeed('lichen kill box && lichen wait box && lichen start box')
    expect(await limit('memory.max')).toBe(String(96 * 2 ** 20))
    expect(await limit('pids.max')).toBe('50')
    await succeed('lichen update --pids-limit -1 box')
    expect(await limit('pids.max')).toBe('max')
  })

  it('gives one that was started without limits the controllers for them', async () => {
    await succeed('lichen run -d --name box busybox sleep 1000')
    await succeed('lichen update --memory 64m --cpu-shares 512 box')
    expect(await limit('memory.max')).toBe(String(64 * 2 ** 20))
    expect(await limit('cpu.weight')).toBe('59')
  })

  it('that can not be carried out whole changes nothing', async () => {
    await succeed('lichen run -d --name box --memory 64m busybox sleep 1000')
    const { code, output } = await run('lichen update --memory 32m --cpuset-cpus 0 box')
    expect([code, output]).toEqual([1, expect.stringContaining('the cgroup controller cpuset is not delegated to you')])
    expect(await limit('memory.max')).toBe(String(64 * 2 ** 20))
    expect(await succeed("lichen inspect --format '{{.HostConfig.Memory}}' box")).toBe(String(64 * 2 ** 20))
  })
})

describe('stats, top', () => {
  it('shows what the cgroup says', async () => {
    await succeed("lichen run -d --name box --memory 64m busybox sh -c 'sleep 1000 & while :; do :; done'")
    const { code, output } = await run("lichen stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}' box")
    const [, cpu] = /^box ([\d.]+)% [\d.]+[KM]iB \/ 64MiB 2\n$/.exec(output) ?? []
    expect({ code, output, some: Number(cpu) > 5 }).toEqual({ code: 0, output, some: true })
    await succeed('lichen pause box')
    expect(await succeed("lichen stats --no-stream --format '{{.CPUPerc}}' box")).toBe('0.00%')
  })

  it('shows the processes of the cgroup', async () => {
    await succeed('lichen run -d --name box busybox sleep 1000 && lichen exec -d box sleep 777')
    expect(await succeed('lichen top box args')).toBe('COMMAND\nsleep 1000\nsleep 777')
  })
})

describe('a life under limits', () => {
  const until = (what: string, wanted: string) => `for i in $(seq 600); do test "$(${what})" = "${wanted}" && break; sleep 0.1; done; ${what}`
  const facts = "lichen inspect --format '{{.State.Status}} {{.State.OOMKilled}} {{.State.ExitCode}} {{.RestartCount}}' box"

  it('that the OOM killer ends is begun anew as often as it may, and leaves no scope', async () => {
    await succeed('lichen run -d --name box --memory 32m --memory-swap 32m --restart on-failure:2 busybox tail /dev/zero')
    expect(await succeed(until(facts, 'exited true 137 2'))).toBe('exited true 137 2')
    expect(
      await succeed(
        "lichen events --since 1h --until 0s --filter container=$(lichen inspect --format '{{.Id}}' box) --format '{{.Action}}' | grep -cE '^(oom|die)$'",
      ),
    ).toBe('6')
    expect(await succeed(until("systemctl --user list-units --all --plain --no-legend 'lichen-*'", ''))).toBe('')
    await succeed('lichen update --restart no box && lichen start box')
    expect(await succeed(until(facts, 'exited true 137 0'))).toBe('exited true 137 0')
  })

  it('is checked in its scope, and rests from that while it is paused', async () => {
    const check = 'test ! -e /sick && cat /sys/fs/cgroup/memory.max'
    await succeed(`lichen run -d --name box --memory 64m --health-cmd '${check}' --health-interval 500ms --health-retries 1 busybox sleep 1000`)
    await succeed('lichen wait --condition healthy box')
    const health = "lichen inspect --format '{{.State.Health.Status}} {{(index .State.Health.Log 0).Output}}' box"
    expect(await succeed(health)).toBe('healthy 67108864')
    await succeed('lichen pause box && sleep 3')
    expect(await succeed(health)).toBe('healthy 67108864')
    await succeed('lichen unpause box && lichen exec box touch /sick && lichen wait --condition unhealthy box')
  })

  it('is written to the journal, and read from it', async () => {
    await succeed('lichen run --name box --log-driver journald --label team=red --log-opt labels=team busybox sh -c \'echo one; printf "two\\n\\001three"\'')
    expect(await succeed(until('journalctl -o cat CONTAINER_NAME=box TEAM=red 2>/dev/null | wc -l', '3'))).toBe('3')
    expect(await succeed('lichen logs box')).toContain('one')
    expect(await succeed('lichen logs --tail 2 box | od -c | head -2')).toContain('001')
    expect(await succeed('lichen logs --details box')).toContain('TEAM=red one')
    expect(await succeed('lichen logs --details box | grep -c LOG_ORDINAL || true')).toBe('0')
  })

  it('is followed in the journal up to the last entry, however late that arrives there', async () => {
    const script = 'until test -e /go; do sleep 0.1; done; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done'
    await succeed(`lichen run -d --name box --log-driver journald busybox sh -c '${script}'`)
    const follow = 'lichen logs -f box >followed & lichen exec box touch /go; wait $!'
    expect(await succeed(`${follow}; seq -f 'line %.0f' 2000 | cmp - followed && wc -l <followed`)).toBe('2000')
  })

  it('is followed to its end where the last entry is there already', async () => {
    await succeed("lichen run -d --name box --log-driver journald busybox sh -c 'echo first; until test -e /go; do sleep 0.1; done'")
    expect(await succeed(until('journalctl -o cat CONTAINER_NAME=box | tail -n 1', 'first'))).toBe('first')
    // Without a look at that entry it would go on for as long as one may be late.
    const follow = 'lichen logs -f --tail 0 box & lichen exec box touch /go && lichen wait box && end=$(date +%s) && wait $!'
    expect(await succeed(`${follow} && test $(($(date +%s) - end)) -lt 4 && echo ended`)).toBe('0\nended')
  })
})
