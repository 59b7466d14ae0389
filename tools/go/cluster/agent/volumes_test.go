package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func TestAVolumeIsADirectoryThatLivesFromProvisionToDelete(t *testing.T) {
	d := directories{t.TempDir(), "node"}
	reclaim := corev1.PersistentVolumeReclaimDelete
	claim := &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("3Gi")}}}}
	volume, _, err := d.Provision(context.Background(), controller.ProvisionOptions{
		PVName: "pvc-1", PVC: claim, StorageClass: &storagev1.StorageClass{ReclaimPolicy: &reclaim}})
	if err != nil {
		t.Fatal(err)
	}
	if size := volume.Spec.Capacity[corev1.ResourceStorage]; size.String() != "3Gi" {
		t.Errorf("size %s", size.String())
	}
	if node := volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]; node != "node" {
		t.Errorf("bound to %s", node)
	}
	if info, err := os.Stat(volume.Spec.Local.Path); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("directory: %v, %v", info, err)
	}
	if err := d.Delete(context.Background(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(volume.Spec.Local.Path); !os.IsNotExist(err) {
		t.Error("the directory outlived its volume")
	}
}

func TestNothingOutsideTheFolderIsDeleted(t *testing.T) {
	stranger := t.TempDir()
	d := directories{t.TempDir(), "node"}
	for name, path := range map[string]string{"pvc-1": stranger, "..": filepath.Dir(d.folder), "pvc-2": ""} {
		volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}}
		volume.Spec.Local = &corev1.LocalVolumeSource{Path: path}
		if err := d.Delete(context.Background(), volume); err == nil {
			t.Errorf("volume %s at %q was deleted", name, path)
		}
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error(err)
	}
}

func TestClaimsThatADirectoryCannotServeAreRefused(t *testing.T) {
	block := corev1.PersistentVolumeBlock
	for name, spec := range map[string]corev1.PersistentVolumeClaimSpec{
		"selector": {Selector: &metav1.LabelSelector{}}, "block": {VolumeMode: &block},
	} {
		_, _, err := directories{t.TempDir(), "node"}.Provision(context.Background(),
			controller.ProvisionOptions{PVName: "pvc-1", PVC: &corev1.PersistentVolumeClaim{Spec: spec}})
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
