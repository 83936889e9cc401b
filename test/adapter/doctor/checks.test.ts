import assert from 'node:assert/strict';
import { examine } from '../../../adapter/doctor/checks';
import { type Facts, gatherFacts, type WindowsFacts, windowsFactsOf } from '../../../adapter/doctor/facts';

const ready: WindowsFacts = {
  isVirtualizationOn: true,
  isHypervisorPresent: false,
  isVirtualizationSecurityOn: false,
  isMemoryIntegrityOn: false,
  isTestSigningOn: true,
  serviceState: 'Running',
};
const factsOf = (change: Partial<Facts>, windows: Partial<WindowsFacts> = {}): Facts => ({
  platform: 'win32',
  architecture: 'x64',
  nodeVersion: '20.1.0',
  cpuFlags: undefined,
  unicornProblem: undefined,
  windows: { ...ready, ...windows },
  ...change,
});
const badOf = (facts: Facts) =>
  examine(facts)
    .filter(({ verdict }) => verdict === 'bad')
    .map(({ name }) => name);

describe('hds doctor', () => {
  it('finds nothing wrong with a computer that is ready', () => assert.deepEqual(badOf(factsOf({})), []));

  for (const [facts, name, cure] of [
    [factsOf({ nodeVersion: '18.0.0' }), 'node', /install Node 20/],
    [factsOf({ unicornProblem: 'no libunicorn' }), 'embedded machine', /no libunicorn/],
    [factsOf({}, { isVirtualizationOn: false }), 'virtualization in the firmware', /turn VT-x on/],
    [factsOf({}, { isHypervisorPresent: true }), 'Hyper-V', /hypervisorlaunchtype off/],
    [factsOf({}, { isVirtualizationSecurityOn: true }), 'VBS', /Device Guard/],
    [factsOf({}, { isMemoryIntegrityOn: true }), 'HVCI', /memory integrity off/],
    [factsOf({}, { isTestSigningOn: false }), 'driver signing', /testsigning on/],
  ] as const)
    it(`${name}: says what to do`, () => {
      assert.deepEqual(badOf(facts), [name]);
      assert.match(examine(facts).find((finding) => finding.name === name)!.text, cure);
    });

  it('calls unknown what Windows did not tell', () => {
    const findings = examine(factsOf({ windows: undefined }));
    assert.ok(findings.filter(({ verdict }) => verdict === 'unknown').length >= 5);
  });

  it('reads the answer of Windows', () => {
    const answer =
      '{"virtualization":true,"hypervisor":false,"vbs":2,"running":[1,2],"service":null,"options":" TESTSIGNING"}';
    assert.deepEqual(windowsFactsOf(answer), {
      ...ready,
      isVirtualizationSecurityOn: true,
      isMemoryIntegrityOn: true,
      serviceState: undefined,
    });
    assert.equal(windowsFactsOf('no JSON'), undefined);
  });

  it('looks at this computer', async () => {
    const facts = await gatherFacts();
    assert.equal(facts.platform, process.platform);
    assert.ok(examine(facts).length >= 3);
  });
});
