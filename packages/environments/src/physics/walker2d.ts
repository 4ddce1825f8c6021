import type { Body } from './body.js';

const root = 'armature="0" damping="0" limited="false"';

const leg = (side: string, footFriction: number) => `
      <body name="${side} thigh" pos="0 0 -0.2">
        <joint name="${side} thigh" range="-150 0"/>
        <geom name="${side} thigh" fromto="0 0 0 0 0 -0.45" size="0.05" friction="0.9"/>
        <body name="${side} leg" pos="0 0 -0.7">
          <joint name="${side} leg" pos="0 0 0.25" range="-150 0"/>
          <geom name="${side} leg" fromto="0 0 0.25 0 0 -0.25" size="0.04" friction="0.9"/>
          <body name="${side} foot" pos="0.1 0 -0.25">
            <joint name="${side} foot" pos="-0.1 0 0" range="-45 45"/>
            <geom name="${side} foot" fromto="-0.1 0 0 0.1 0 0" size="0.06" friction="${footFriction}"/>
          </body>
        </body>
      </body>`;

/** A torso on two legs. Its feet differ in friction, as they did when D4RL was collected. */
export const walker2d: Body = {
  name: 'walker2d',
  frameSkip: 4,
  resetNoise: { positions: 5e-3, velocities: 5e-3, normalVelocities: false },
  velocityLimit: 10,
  survivalReward: 1,
  controlCost: 1e-3,
  healthy: (positions) => positions[1]! > 0.8 && positions[1]! < 2 && Math.abs(positions[2]!) < 1,
  xml: `<mujoco model="walker2d">
  <compiler angle="degree" inertiafromgeom="true"/>
  <option integrator="RK4" timestep="0.002"><flag autoreset="disable"/></option>
  <size memory="1M"/>
  <default>
    <joint armature="0.01" damping="0.1" limited="true" axis="0 -1 0"/>
    <geom type="capsule" condim="3" contype="1" conaffinity="0" density="1000" friction="0.7 0.1 0.1"/>
    <motor ctrllimited="true" ctrlrange="-1 1" gear="100"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
    <body name="torso" pos="0 0 1.25">
      <joint name="x" type="slide" axis="1 0 0" ${root}/>
      <joint name="z" type="slide" axis="0 0 1" ref="1.25" ${root}/>
      <joint name="pitch" axis="0 1 0" ${root}/>
      <geom name="torso" fromto="0 0 0.2 0 0 -0.2" size="0.05" friction="0.9"/>${leg('right', 0.9)}${leg('left', 1.9)}
    </body>
  </worldbody>
  <actuator>
    <motor joint="right thigh"/>
    <motor joint="right leg"/>
    <motor joint="right foot"/>
    <motor joint="left thigh"/>
    <motor joint="left leg"/>
    <motor joint="left foot"/>
  </actuator>
</mujoco>`,
};
