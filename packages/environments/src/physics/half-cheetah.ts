import type { Body } from './body.js';

const root = 'armature="0" damping="0" stiffness="0" limited="false"';

/** Half a cheetah: runs, never falls, so only time ends its episodes. */
export const halfCheetah: Body = {
  name: 'half-cheetah',
  frameSkip: 5,
  resetNoise: { positions: 0.1, velocities: 0.1, normalVelocities: true },
  velocityLimit: Number.POSITIVE_INFINITY,
  survivalReward: 0,
  controlCost: 0.1,
  healthy: () => true,
  xml: `<mujoco model="half-cheetah">
  <compiler angle="radian" inertiafromgeom="true" settotalmass="14"/>
  <option integrator="Euler" timestep="0.01" gravity="0 0 -9.81"><flag autoreset="disable"/></option>
  <size memory="1M"/>
  <default>
    <joint armature="0.1" limited="true" axis="0 1 0" solreflimit="0.02 1" solimplimit="0 0.8 0.03"/>
    <geom type="capsule" condim="3" contype="1" conaffinity="0" friction="0.4 0.1 0.1" solref="0.02 1" solimp="0 0.8 0.01"/>
    <motor ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
    <body name="torso" pos="0 0 0.7">
      <joint name="x" type="slide" axis="1 0 0" ${root}/>
      <joint name="z" type="slide" axis="0 0 1" ${root}/>
      <joint name="pitch" ${root}/>
      <geom name="torso" fromto="-0.5 0 0 0.5 0 0" size="0.046"/>
      <geom name="head" pos="0.6 0 0.1" axisangle="0 1 0 0.87" size="0.046 0.15"/>
      <body name="back thigh" pos="-0.5 0 0">
        <joint name="back thigh" range="-0.52 1.05" stiffness="240" damping="6"/>
        <geom name="back thigh" pos="0.1 0 -0.13" axisangle="0 1 0 -3.8" size="0.046 0.145"/>
        <body name="back shin" pos="0.16 0 -0.25">
          <joint name="back shin" range="-0.785 0.785" stiffness="180" damping="4.5"/>
          <geom name="back shin" pos="-0.14 0 -0.07" axisangle="0 1 0 -2.03" size="0.046 0.15"/>
          <body name="back foot" pos="-0.28 0 -0.14">
            <joint name="back foot" range="-0.4 0.785" stiffness="120" damping="3"/>
            <geom name="back foot" pos="0.03 0 -0.097" axisangle="0 1 0 -0.27" size="0.046 0.094"/>
          </body>
        </body>
      </body>
      <body name="front thigh" pos="0.5 0 0">
        <joint name="front thigh" range="-1 0.7" stiffness="180" damping="4.5"/>
        <geom name="front thigh" pos="-0.07 0 -0.12" axisangle="0 1 0 0.52" size="0.046 0.133"/>
        <body name="front shin" pos="-0.14 0 -0.24">
          <joint name="front shin" range="-1.2 0.87" stiffness="120" damping="3"/>
          <geom name="front shin" pos="0.065 0 -0.09" axisangle="0 1 0 -0.6" size="0.046 0.106"/>
          <body name="front foot" pos="0.13 0 -0.18">
            <joint name="front foot" range="-0.5 0.5" stiffness="60" damping="1.5"/>
            <geom name="front foot" pos="0.045 0 -0.07" axisangle="0 1 0 -0.6" size="0.046 0.07"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="back thigh" gear="120"/>
    <motor joint="back shin" gear="90"/>
    <motor joint="back foot" gear="60"/>
    <motor joint="front thigh" gear="120"/>
    <motor joint="front shin" gear="60"/>
    <motor joint="front foot" gear="30"/>
  </actuator>
</mujoco>`,
};
