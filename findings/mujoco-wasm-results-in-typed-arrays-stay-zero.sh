#!/bin/sh
# @mujoco/mujoco 3.14.0: functions that write a result take a Float64Array for it and leave it as it was.
#
# In C and in Python the result of mj_getState, mju_mulQuat, mj_contactForce, mj_jacBody and their like is an array that
# the caller passes. The JavaScript binding refuses a plain array and says that it wants a "TypedArray or WasmBuffer";
# a Float64Array of JavaScript's own is then taken without a word, the function works on a copy, and the array keeps its
# zeros: forces of zero, Jacobians of zero, saved states of zeros. A DoubleBuffer of the package, and a view of the
# simulation's own memory such as `data.qpos`, are written. Whoever ports code from Python gets plausible zeros, and a
# state that is restored from them sets the body to the origin.
#
# Prints what each kind of result holds after the call; the last lines below are what this script insists on.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @mujoco/mujoco@3.14.0 >/dev/null
cat > run.mjs <<'EOF'
import loadMujoco from '@mujoco/mujoco';

const mj = await loadMujoco();
const model = mj.MjModel.from_xml_string(`<mujoco>
  <worldbody>
    <geom type="plane" size="5 5 .1"/>
    <body pos="0 0 .09"><freejoint/><geom size=".1" mass="1"/></body>
  </worldbody>
</mujoco>`);
const data = new mj.MjData(model);
for (let i = 0; i < 50; i++) mj.mj_step(model, data);
console.log(`contacts: ${data.ncon}`);

const said = (call, result) => {
  try {
    call(result);
  } catch (error) {
    return error.message.replace(/^.*Expected/, 'refused: expected').replace(/,.*/, '');
  }
  return Array.from(result.GetView ? result.GetView() : result, (n) => +n.toFixed(2)).join(' ');
};
const product = (result) => mj.mju_mulQuat(result, [1, 0, 0, 0], [0, 1, 0, 0]);
console.log(`mju_mulQuat, plain array:   ${said(product, [0, 0, 0, 0])}`);
console.log(`mju_mulQuat, Float64Array:  ${said(product, new Float64Array(4))}`);
console.log(`mju_mulQuat, DoubleBuffer:  ${said(product, new mj.DoubleBuffer(4))}`);

const force = (result) => mj.mj_contactForce(model, data, 0, result);
const isPressed = (text) => (Number(text.split(' ')[0]) > 1 ? 'presses' : 'nothing presses');
console.log(`mj_contactForce, Float64Array: ${isPressed(said(force, new Float64Array(6)))}`);
console.log(`mj_contactForce, DoubleBuffer: ${isPressed(said(force, new mj.DoubleBuffer(6)))}`);

const physics = mj.mjtState.mjSTATE_QPOS.value;
const height = (text) => text.split(' ')[2];
const size = mj.mj_stateSize(model, physics);
const state = (result) => mj.mj_getState(model, data, result, physics);
console.log(`height in the simulation: ${data.qpos[2].toFixed(2)}`);
console.log(`height in mj_getState, Float64Array: ${height(said(state, new Float64Array(size)))}`);
console.log(`height in mj_getState, DoubleBuffer: ${height(said(state, new mj.DoubleBuffer(size)))}`);
said(product, data.qpos.subarray(3, 7));
console.log(`mju_mulQuat, view of qpos:  ${Array.from(data.qpos.subarray(3, 7)).join(' ')}`);
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
contacts: 1
mju_mulQuat, plain array:   refused: expected TypedArray or WasmBuffer
mju_mulQuat, Float64Array:  0 0 0 0
mju_mulQuat, DoubleBuffer:  0 1 0 0
mj_contactForce, Float64Array: nothing presses
mj_contactForce, DoubleBuffer: presses
height in the simulation: 0.10
height in mj_getState, Float64Array: 0
height in mj_getState, DoubleBuffer: 0.1
mju_mulQuat, view of qpos:  0 1 0 0
EOF
diff expected.txt got.txt
