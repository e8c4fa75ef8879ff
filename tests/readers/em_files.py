"""Small electromagnetic files, as the instruments write them."""

AARHUSINV = """DataTypeString=DTTEM;XUTM=500.5;YUTM=900.25;Elevation=12;StationNumber=7;LineNumber=3;TxArea=1600
7 3
0.00 0.00 0.00 0.00 0.00 0.00
40.00 40.00
3 3 3
3 1
3 -1e-3 -9e-4 0 1  -9e-4 0 1 1  0 4e-6 1 0
1 1 1.0
1 01 4.5e5
0
5.8e-6
1 1.0 3e5
0
%2.0e-06 999 0.05 1 1
%5.0e-06 999 0.05 1 1
 1.4e-05 8e-4 0.05 1 1
 2.4e-05 2e-4 0.10 1 1
 1.04e-04 -1e-7 0.50 1 1
"""

TEMFAST = """TEM-FAST 48 HPC/S2  Date:\tFri Oct 12 03:23:31 2012
Place:\tDUNE
#Set\t K
Time-Range\t 8\tStacks\t 11\t deff= 5 us \t I=1.0 A\t FILTR=50 Hz
T-LOOP (m)\t 50.000\t R-LOOP (m)\t 50.000\tTURN=\t    1
Comments:\t 0
Location:x=\t +3.0\t y=\t +4.0\t z=\t +5.0
Channel\tTime\tE/I[V/A]\tErr[V/A]\tRes[Ohm-m]
 1\t  4.06\t-2.264e-002\t2.033e-004\t -2597.67
 2\t  7.08\t 3.482e-001\t3.692e-004\t   166.14
 3\t  8.52\t 4.218e-001\t2.549e-004\t   107.36
 4\t 10.53\t 3.480e-001\t2.523e-004\t    85.71
 5\t 87.07\t 6.526e-003\t6.452e-005\t    35.91
 6\t3826.1\t-2.509e-006\t1.398e-006\t   -12.41
"""

USF = """//SOUNDINGS: 1
//END

/ARRAY: COINCIDENT LOOP TEM
/INSTRUMENT: "terraTEM"
/LOCATION: 10.00, 20.00, 1.0
/VOLTAGE_UNITS: V/AMP
/SOUNDING_NUMBER: 6
/LOOP_SIZE: 50.00, 50
/RAMP_TIME: 2.0E-05
/FREQUENCY: 5.0
/STACK_SIZE: 1024
/END
INDEX,\tTIME,\tVOLTAGE\tST_DEV
1,\t1.5E-06,\t2.5E-02,\t0.0
2,\t3.5E-06,\t2.5E-02,\t0.0
3,\t5.5E-06,\t2.5E-02,\t0.0
4,\t5.25E-05,\t1.75E-02,\t2.5E-03
5,\t6.05E-05,\t1.0E-02,\t2.5E-04
/END
"""

PROTEM = """TEM,f (Hz),I (A),NA (m2),Gain,Gate,Vsys (mV),N (%),Time (s),V (mV/Am2),b (mV/Am2),N (mV/Am2)
47,75,3.0,31.42,5,1,3414.667,0.02,3.525E-05,2.174E-02,6.4E-08,3.8E-06
47,75,3.0,31.42,5,2,1911.333,0.03,4.275E-05,1.217E-02,6.4E-08,3.8E-06
47,75,3.0,31.42,5,3,-0.046,97.37,1.349E-03,-2.923E-07,6.4E-08,3.5E-07
47,285,3.0,31.42,2,1,9306.333,0.17,6.813E-06,4.739E-01,5.1E-07,7.9E-04
47,285,3.0,31.42,2,2,7582.667,0.17,8.688E-06,3.861E-01,5.1E-07,6.7E-04
"""

WAVEFORM = "0 0\n4e-3 0.9\n5e-3 1\n5.02e-3 0.1\n5.03e-3 0\n1e-2 0\n"
CENTRES = "5.05e-3\n5.1e-3\n5.5e-3\n"
AIRBORNE = """line,easting,northing,tx_height_m,Z_Ch7_t4e-05,Z_Ch8_t9e-05,Z_Ch9_t0.00049
2003,463039.60,6194421.80,34.10,2e-09,1e-09,1e-11
2003,463030.00,6194430.00,40.00,1e-09,5e-10,-1e-13
"""

STM = """System Begin
\tName = Small
\tType = Time Domain
\tTransmitter Begin
\t\tNumberOfTurns = 2
\t\tPeakCurrent   = 1
\t\tLoopArea      = 1
\t\tBaseFrequency = 50.0
\t\tWaveFormCurrent Begin
-5E-03\t0
-1E-03\t0.5
0\t0.5
1E-05\t0
5E-03\t0
\t\tWaveFormCurrent End
\tTransmitter End
Receiver Begin
\tWindowTimes Begin
5E-06\t1.5E-05
2E-05\t3E-05
4E-05\t8E-05
\tWindowTimes End
\tLowPassFilter Begin
\t\tCutOffFrequency = 300000 210000
\t\tOrder           = 1       2
\tLowPassFilter End
Receiver End
ForwardModelling Begin
\t//a comment
\tModellingLoopRadius = 10
\tOutputType = dB/dt
\tZOutputScaling = 1e12
\tSecondaryFieldNormalisation = none
ForwardModelling End
System End
"""

ECA = "x,y,VCP1f10000h1,VCP1f10000h1_inph,HCP2f9000h1,HCP2f9000h1_inph,depth\n1,2,10,0.1,20,0.2,3\n2,2,11,,21,0.3,4\n"
RESOLVE = """line,easting,northing,ground_elev_m,bird_height_m,CPI400_F,CPQ400_F,CXI3300_F,CXQ3300_F
30010.00,458000.8,6199045.8,14.39,42.5,429.6,278.5,335.5,82.4
30010.00,458111.9,6198943.0,15.07,40.21,430,307.8,361,101.7
"""
USGS = "Line fid Easting Northing elevation height I_380 Q_380 I_3345 Q_3345\n30010 1 5e5 4e6 1200 35 100 50 30 20\n"
COILS = """freq, tor, tmom, tx, ty, tzoff, ror, rmom, rx, ry, rzoff
380, z, 1, 0, 0, 0, z, 1, 7.93, 0, 0
3345, x, -1, 0, 0, 0, x, 1, 9.03, 0, 0
"""

WORKBENCH = """/HEADER:
/NODE NAME(S)
/Line 7
/DUMMY
/9999
/ LINE_NO FID UTMX UTMY TOPO TX_ALTITUDE DBDT_Ch1GT1 DBDT_Ch1GT2 DBDT_Ch1GT3 DBDT_STD_Ch1GT1 DBDT_STD_Ch1GT2 \
DBDT_STD_Ch1GT3 DBDT_INUSE_Ch1GT1 DBDT_INUSE_Ch1GT2 DBDT_INUSE_Ch1GT3
 100 1 500000.0 6000000.0 20.0 33.5 4e-9 2e-9 1e-9 0.03 0.05 0.1 1 1 0
 100 2 500010.0 6000000.0 21.0 34.5 9999 2.1e-9 1.1e-9 0.03 0.05 0.1 0 1 1
"""
GEX = """/Small system
[General]
Description=Small
TxLoopArea=314.159
NumberOfTurnsLM=1
LoopType=72
WaveformLMPoint01= -5.0E-03 0.0
WaveformLMPoint02= -1.0E-03 1.0
WaveformLMPoint03= 0.0 1.0
WaveformLMPoint04= 1.0E-05 0.0
GateTime01= 2.5E-05 2.0E-05 3.0E-05
GateTime02= 4.0E-05 3.2E-05 4.8E-05
GateTime03= 7.0E-05 5.0E-05 9.0E-05
[Channel1]
RxCoilNumber=1
GateTimeShift=-1.0E-06
MeaTimeDelay=0.0
NoGates=3
RepFreq=50.0
TransmitterMoment=LM
TxApproximateCurrent=8
ReceiverPolarizationXYZ=Z
TiBLowPassFilter= 1 3.0E+05

"""
DEFINITION = """DEFN   ST=RECD,RT=COMM;RT:A4;COMMENTS:A76
DEFN 1 ST=RECD,RT=;line:I8
DEFN 2 ST=RECD,RT=;easting:F12.1:UNIT=m
DEFN 3 ST=RECD,RT=;northing:F12.1:UNIT=m
DEFN 4 ST=RECD,RT=;tx_height:F8.2:UNIT=m
DEFN 5 ST=RECD,RT=;LM_Z:3E14.6:NULL=-99.9
DEFN 6 ST=RECD,RT=;END DEFN
"""
RECORDS = " 100 500000.0 6000000.0 33.5 4e3 2e3 1e3\n 100 500010.0 6000000.0 34.5 4e3 -99.9 1e3\n"
